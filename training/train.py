"""Train the network; checkpoints, resumes to the same state, logs one JSON line per report.

With --steps the learning rate is a function of the step alone: a run interrupted and resumed any number of times ends
with the very weights of an uninterrupted one (check_resume.py proves it). --minutes then ends a piece, as on a borrowed
card. Without --steps, --minutes is the whole length and the clock drives the rate: handy, but no two runs are alike.

One single-threaded process per core, gradients averaged once a step: on a shared machine this loses far less than
one process whose threads wait for each other in every layer. On a CUDA device use --processes 1 and --workers.

    python cache.py --out CACHE && python pairs.py --cache CACHE
    python train.py --cache CACHE --run RUN --steps 8000
    python plot.py RUN --out curve.png
"""
import argparse
import time
from pathlib import Path

import torch
import torch.distributed as dist
import torch.multiprocessing as mp
from torch.utils.data import DataLoader, default_collate

import losses
from data import VIEW, Views
from model import VARIANTS, HfNet
from state import Log, load_weights, save

EMA_DECAY = 0.998
REPORT_STEPS, VALIDATION_STEPS = 50, 500
Batch = dict[str, torch.Tensor]


def learning_rate(progress: float, peak: float) -> float:
    """Short warm-up, flat, then a straight fall to 2 % over the last 55 %."""
    if progress < 0.02:
        return peak * (0.1 + 0.9 * progress / 0.02)
    return peak * min(1.0, max(0.02, (1 - progress) / 0.55))


def compute(net: HfNet, batch: Batch, bf16: bool) -> tuple[dict[str, torch.Tensor], float]:
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


def validate(net: HfNet, batches: list[Batch], bf16: bool) -> dict[str, float]:
    net.eval()
    sums: dict[str, float] = {}
    with torch.no_grad():
        for batch in batches:
            terms, right = compute(net, batch, bf16)
            for name, value in [*((k, v.item()) for k, v in terms.items()), ("right", right)]:
                sums[f"val_{name}"] = sums.get(f"val_{name}", 0.0) + value / len(batches)
    net.train()
    return sums


class Numbers:
    """The example numbers of one process, step after step: all together see step*batch .. (step+1)*batch."""

    def __init__(self, step: int, batch: int, rank: int, processes: int):
        self.step, self.share, self.offset, self.batch = step, batch // processes, rank * (batch // processes), batch

    def __iter__(self):
        step = self.step
        while True:
            first = step * self.batch + self.offset
            yield list(range(first, first + self.share))
            step += 1


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


class Run:
    """All that a checkpoint holds: network, its average, loss weights, optimiser, step and seconds spent."""

    def __init__(self, args: argparse.Namespace, device: str):
        torch.manual_seed(args.seed)
        self.variant, self.path = args.variant, args.run / "last.pt"
        self.net, self.ema = (HfNet(VARIANTS[args.variant]).to(device, memory_format=torch.channels_last) for _ in range(2))
        self.uncertainty = losses.Uncertainty().to(device)
        self.optimiser = torch.optim.AdamW([
            {"params": self.net.parameters(), "weight_decay": 1e-3},
            {"params": self.uncertainty.parameters(), "weight_decay": 0.0}], lr=args.rate)
        self.step, self.spent = 0, 0.0
        if self.path.exists():
            self.resume(torch.load(self.path, map_location=device))
        elif args.start:
            for net in (self.net, self.ema):
                net.load_state_dict(load_weights(args.start, device)["ema"])

    def parts(self) -> dict:
        return {"net": self.net, "ema": self.ema, "uncertainty": self.uncertainty, "optimiser": self.optimiser}

    def resume(self, state: dict) -> None:
        assert state["variant"] == self.variant, f"this run trains the variant {state['variant']}"
        for name, part in self.parts().items():
            part.load_state_dict(state[name])
        self.step, self.spent = state["step"], state["spent"]

    def save(self, spent: float) -> None:
        save(self.path, {name: part.state_dict() for name, part in self.parts().items()}
             | {"variant": self.variant, "step": self.step, "spent": spent})

    def update(self, terms: dict[str, torch.Tensor], rate: float, processes: int) -> None:
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        self.optimiser.zero_grad(set_to_none=True)
        self.uncertainty(terms).backward()
        trained = [p for group in self.optimiser.param_groups for p in group["params"]]
        average([p.grad for p in trained], processes)
        torch.nn.utils.clip_grad_norm_(self.net.parameters(), 2.0)
        self.optimiser.step()
        self.step += 1


def work(rank: int, args: argparse.Namespace) -> None:
    """One training process; rank 0 also validates, logs and saves."""
    device = "cuda" if torch.cuda.is_available() else "cpu"
    torch.set_num_threads(args.threads)
    if args.processes > 1:
        dist.init_process_group("gloo", init_method=f"file://{args.run.resolve()}/meet", rank=rank, world_size=args.processes)
    run = Run(args, device)
    views = Views(args.cache, 10**9, args.seed, args.rendered)
    numbers = Numbers(run.step, args.batch, rank, args.processes)
    examples = iter(DataLoader(views, batch_sampler=numbers, num_workers=args.workers))
    held_out = Views(args.cache, 40, args.seed + 1, split="validation")
    val_batches = [to(default_collate([held_out[i] for i in range(k, k + 10)]), device) for k in range(0, 40, 10)] if rank == 0 else []
    log = Log(args.run / "log.jsonl", run.step) if rank == 0 else None
    began = last_save = time.monotonic()
    if rank == 0 and run.step == 0:
        log.write(0, 0, validate(run.ema, val_batches, not args.fp32))
    while True:
        clock = torch.tensor([run.spent + time.monotonic() - began])
        average([clock], args.processes)
        minutes = (clock.item() - (run.spent if args.steps else 0)) / 60
        progress = run.step / args.steps if args.steps else minutes / args.minutes
        done = progress >= 1 or minutes >= args.minutes or run.step == args.stop
        if rank == 0 and (done or time.monotonic() - last_save > args.save_seconds):
            run.save(clock.item())
            last_save = time.monotonic()
        if done:
            break
        terms, right = compute(run.net, to(next(examples), device), not args.fp32)
        run.update(terms, learning_rate(progress, args.rate), args.processes)
        if rank == 0:
            follow(run.ema, run.net, run.step)
            log.add(terms, right)
            if run.step % REPORT_STEPS == 0:
                weights = {f"weight_{name}": w for name, w in run.uncertainty.weights().items()}
                checked = validate(run.ema, val_batches, not args.fp32) if run.step % VALIDATION_STEPS == 0 else {}
                log.write(run.step, clock.item(), weights | checked)


def arguments(words: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--variant", choices=VARIANTS, default="default")
    parser.add_argument("--rendered", type=Path, help="folder of rendered frames, see rendered.py")
    parser.add_argument("--steps", type=int, help="whole schedule in steps, over all resumes")
    parser.add_argument("--minutes", type=float, default=60, help="with --steps: of this piece; else: of all pieces together")
    parser.add_argument("--stop", type=int, help="end this piece at this step")
    parser.add_argument("--batch", type=int, default=10, help="view pairs per step, all processes together")
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--threads", type=int, default=1, help="threads per process")
    parser.add_argument("--workers", type=int, default=0, help="extra processes that prepare examples")
    parser.add_argument("--save-seconds", type=float, default=150)
    parser.add_argument("--start", type=Path, help="checkpoint whose weights to start from when RUN is empty")
    parser.add_argument("--fp32", action="store_true", help="no bfloat16")
    return parser.parse_args(words)


def main() -> None:
    args = arguments()
    args.run.mkdir(parents=True, exist_ok=True)
    (args.run / "meet").unlink(missing_ok=True)
    if args.processes == 1:
        work(0, args)
    else:
        mp.spawn(work, (args,), nprocs=args.processes)


def to(batch: Batch, device: str) -> Batch:
    return {name: value.to(device, non_blocking=True) for name, value in batch.items()}


if __name__ == "__main__":
    main()
