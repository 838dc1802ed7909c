"""Train the network; checkpoints, resumes to the same examples, logs one JSON line per report.

One single-threaded process per core, gradients averaged once a step: on a shared machine this loses far less than
one process whose threads wait for each other in every layer. On a CUDA device use --processes 1.

    python cache.py --out CACHE && python pairs.py --cache CACHE
    python train.py --cache CACHE --run RUN --minutes 60
    python plot.py RUN
"""
import argparse
import json
import os
import time
from pathlib import Path

import torch
import torch.distributed as dist
import torch.multiprocessing as mp
from torch.utils.data import default_collate

import losses
from data import VIEW, Views
from model import HfNet

EMA_DECAY = 0.998
WEIGHTS = {"contrastive": 1.0, "distil": 1.0, "detector": 0.6, "reliability": 0.2}


def learning_rate(progress: float, peak: float) -> float:
    """Short warm-up, flat, then a straight fall to 2 % over the last 55 %."""
    if progress < 0.02:
        return peak * (0.1 + 0.9 * progress / 0.02)
    return peak * min(1.0, max(0.02, (1 - progress) / 0.55))


def compute(net: HfNet, batch: dict[str, torch.Tensor], bf16: bool) -> tuple[dict[str, torch.Tensor], float]:
    """The loss terms of one batch and the share of points whose partner comes first both ways."""
    images = torch.cat([batch["image_a"], batch["image_b"]]).float() / 255
    images = images.contiguous(memory_format=torch.channels_last)
    with torch.autocast(images.device.type, torch.bfloat16, enabled=bf16):
        out = net(images)
    n = len(batch["image_a"])
    w, h = VIEW
    a = losses.sample(out["descriptors"][:n], batch["points_a"], w, h)
    b = losses.sample(out["descriptors"][n:], batch["points_b"], w, h)
    valid = batch["valid"]
    match, right = losses.contrastive(a, b, batch["points_a"], batch["points_b"], valid)
    terms = {
        "contrastive": match,
        "distil": (losses.distil(a, batch["teacher"]) + losses.distil(b, batch["teacher"])) / 2,
        "detector": (losses.detector(out["logits"][:n], batch["target_a"], batch["mask_a"])
                     + losses.detector(out["logits"][n:], batch["target_b"], batch["mask_b"])) / 2,
        "reliability": (losses.reliability(out["reliability"][:n], batch["points_a"], right, valid, w, h)
                        + losses.reliability(out["reliability"][n:], batch["points_b"], right, valid, w, h)) / 2,
    }
    return terms, float((right * valid).sum() / (valid.sum() + 1))


def validate(net: HfNet, batches: list[dict[str, torch.Tensor]], bf16: bool) -> dict[str, float]:
    net.eval()
    sums: dict[str, float] = {}
    with torch.no_grad():
        for batch in batches:
            terms, right = compute(net, batch, bf16)
            for name, value in [*((k, v.item()) for k, v in terms.items()), ("right", right)]:
                sums[f"val_{name}"] = sums.get(f"val_{name}", 0.0) + value / len(batches)
    net.train()
    return sums


def save(path: Path, state: dict) -> None:
    """Write beside, then rename: a kill never leaves half a checkpoint."""
    temporary = path.with_suffix(".tmp")
    torch.save(state, temporary)
    os.replace(temporary, path)


def numbers(step: int, batch: int, rank: int, processes: int) -> range:
    """The example numbers of one process at one step: all processes together see step*batch .. (step+1)*batch."""
    share = batch // processes
    return range(step * batch + rank * share, step * batch + (rank + 1) * share)


def average(tensors: list[torch.Tensor], processes: int) -> None:
    """All-reduce many small tensors as one."""
    if processes == 1:
        return
    flat = torch.cat([t.flatten() for t in tensors])
    dist.all_reduce(flat)
    flat /= processes
    for tensor, part in zip(tensors, flat.split([t.numel() for t in tensors])):
        tensor.copy_(part.view_as(tensor))


def follow(ema: HfNet, net: HfNet, step: int) -> None:
    """Exponential moving average of weights and statistics: the network that is validated and exported."""
    decay = min(EMA_DECAY, (1 + step) / (10 + step))
    for slow, fast in zip(ema.state_dict().values(), net.state_dict().values()):
        if slow.is_floating_point():
            slow.lerp_(fast, 1 - decay)


class Log:
    def __init__(self, path: Path):
        self.file, self.sums, self.count = open(path, "a", buffering=1), {}, 0

    def add(self, terms: dict[str, torch.Tensor], right: float) -> None:
        self.count += 1
        for name, value in [*((k, v.item()) for k, v in terms.items()), ("right", right)]:
            self.sums[name] = self.sums.get(name, 0.0) + value

    def write(self, step: int, seconds: float, more: dict[str, float]) -> None:
        means = {name: value / self.count for name, value in self.sums.items()} | more
        self.file.write(json.dumps({"step": step, "seconds": round(seconds), **{k: round(v, 4) for k, v in means.items()}}) + "\n")
        self.sums, self.count = {}, 0


def work(rank: int, args: argparse.Namespace) -> None:
    """One training process; rank 0 also validates, logs and saves."""
    device = "cuda" if torch.cuda.is_available() else "cpu"
    torch.set_num_threads(args.threads)
    if args.processes > 1:
        dist.init_process_group("gloo", init_method=f"file://{args.run.resolve()}/meet", rank=rank, world_size=args.processes)
    torch.manual_seed(args.seed)
    net, ema = (HfNet().to(device, memory_format=torch.channels_last) for _ in range(2))
    optimiser = torch.optim.AdamW(net.parameters(), lr=args.rate, weight_decay=1e-3)
    step, spent, checkpoint = 0, 0.0, args.run / "last.pt"
    if checkpoint.exists():
        state = torch.load(checkpoint, map_location=device)
        net.load_state_dict(state["net"])
        ema.load_state_dict(state["ema"])
        optimiser.load_state_dict(state["optimiser"])
        step, spent = state["step"], state["spent"]
    elif args.start:
        net.load_state_dict(torch.load(args.start, map_location=device)["net"])
        ema.load_state_dict(net.state_dict())
    views = Views(args.cache, 10**9, args.seed, args.rendered)
    held_out = Views(args.cache, 40, args.seed + 1, split="validation")
    val_batches = [to(default_collate([held_out[i] for i in range(k, k + 10)]), device) for k in range(0, 40, 10)] if rank == 0 else []
    log = Log(args.run / "log.jsonl") if rank == 0 else None
    began = last_save = time.monotonic()
    while True:
        clock = torch.tensor([spent + time.monotonic() - began])
        average([clock], args.processes)
        progress = clock.item() / 60 / args.minutes
        for group in optimiser.param_groups:
            group["lr"] = learning_rate(progress, args.rate)
        done = progress >= 1
        if rank == 0 and (done or time.monotonic() - last_save > args.save_seconds):
            save(checkpoint, {"net": net.state_dict(), "ema": ema.state_dict(), "optimiser": optimiser.state_dict(),
                              "step": step, "spent": clock.item()})
            last_save = time.monotonic()
        if done:
            break
        batch = default_collate([views[i] for i in numbers(step, args.batch, rank, args.processes)])
        terms, right = compute(net, to(batch, device), not args.fp32)
        optimiser.zero_grad(set_to_none=True)
        sum(WEIGHTS[name] * value for name, value in terms.items()).backward()
        average([p.grad for p in net.parameters()], args.processes)
        torch.nn.utils.clip_grad_norm_(net.parameters(), 2.0)
        optimiser.step()
        step += 1
        if rank == 0:
            follow(ema, net, step)
            log.add(terms, right)
            if step % 50 == 0:
                log.write(step, clock.item(), validate(ema, val_batches, not args.fp32) if step % 500 == 0 else {})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--rendered", type=Path, help="folder of rendered frames, see rendered.py")
    parser.add_argument("--minutes", type=float, default=60, help="whole training time, over all resumes")
    parser.add_argument("--batch", type=int, default=10, help="view pairs per step, all processes together")
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--threads", type=int, default=1, help="threads per process")
    parser.add_argument("--save-seconds", type=float, default=150)
    parser.add_argument("--start", type=Path, help="weights to start from when RUN is empty")
    parser.add_argument("--fp32", action="store_true", help="no bfloat16")
    args = parser.parse_args()
    args.run.mkdir(parents=True, exist_ok=True)
    (args.run / "meet").unlink(missing_ok=True)
    if args.processes == 1:
        work(0, args)
    else:
        mp.spawn(work, (args,), nprocs=args.processes)


def to(batch: dict[str, torch.Tensor], device: str) -> dict[str, torch.Tensor]:
    return {name: value.to(device, non_blocking=True) for name, value in batch.items()}


if __name__ == "__main__":
    main()
