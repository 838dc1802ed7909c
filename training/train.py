"""Train the network; checkpoints, resumes to the same examples, logs one JSON line per report.

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
from torch.utils.data import DataLoader, Subset

import losses
from data import VIEW, Views
from model import HfNet

WEIGHTS = {"contrastive": 1.0, "distil": 1.0, "detector": 0.6, "reliability": 0.2}


def learning_rate(progress: float, peak: float) -> float:
    """Short warm-up, flat, then a straight fall to 2 % over the last 60 %."""
    if progress < 0.02:
        return peak * (0.1 + 0.9 * progress / 0.02)
    return peak * min(1.0, max(0.02, (1 - progress) / 0.6))


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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--rendered", type=Path, help="folder of rendered frames, see rendered.py")
    parser.add_argument("--minutes", type=float, default=60, help="whole training time, over all resumes")
    parser.add_argument("--batch", type=int, default=10, help="view pairs per step")
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--start", type=Path, help="weights to start from when RUN is empty")
    parser.add_argument("--fp32", action="store_true", help="no bfloat16")
    args = parser.parse_args()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    args.run.mkdir(parents=True, exist_ok=True)
    net = HfNet().to(device, memory_format=torch.channels_last)
    optimiser = torch.optim.AdamW(net.parameters(), lr=args.rate, weight_decay=1e-3)
    step, spent = 0, 0.0
    checkpoint = args.run / "last.pt"
    if checkpoint.exists():
        state = torch.load(checkpoint, map_location=device)
        net.load_state_dict(state["net"])
        optimiser.load_state_dict(state["optimiser"])
        step, spent = state["step"], state["spent"]
    elif args.start:
        net.load_state_dict(torch.load(args.start, map_location=device)["net"])
    views = Views(args.cache, 10**8, args.seed, args.rendered)
    rest = Subset(views, range(step * args.batch, 10**8))
    loader = iter(DataLoader(rest, args.batch, num_workers=args.workers, prefetch_factor=3))
    held_out = Views(args.cache, 40, args.seed + 1, split="validation")
    val_batches = [to(batch, device) for batch in DataLoader(held_out, args.batch)]
    log = open(args.run / "log.jsonl", "a", buffering=1)
    began, last_save, sums, count = time.monotonic(), time.monotonic(), {}, 0
    while True:
        progress = (spent + time.monotonic() - began) / 60 / args.minutes
        if progress >= 1:
            break
        for group in optimiser.param_groups:
            group["lr"] = learning_rate(progress, args.rate)
        terms, right = compute(net, to(next(loader), device), not args.fp32)
        loss = sum(WEIGHTS[name] * value for name, value in terms.items())
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 2.0)
        optimiser.step()
        step, count = step + 1, count + 1
        for name, value in [*((k, v.item()) for k, v in terms.items()), ("right", right)]:
            sums[name] = sums.get(name, 0.0) + value
        if step % 50 == 0:
            seconds = spent + time.monotonic() - began
            line = {"step": step, "seconds": round(seconds, 1), **{k: round(v / count, 4) for k, v in sums.items()}}
            if step % 500 == 0:
                line |= {k: round(v, 4) for k, v in validate(net, val_batches, not args.fp32).items()}
            log.write(json.dumps(line) + "\n")
            sums, count = {}, 0
        if time.monotonic() - last_save > 150:
            save(checkpoint, pack(net, optimiser, step, spent + time.monotonic() - began))
            last_save = time.monotonic()
    save(checkpoint, pack(net, optimiser, step, spent + time.monotonic() - began))


def pack(net: HfNet, optimiser: torch.optim.Optimizer, step: int, spent: float) -> dict:
    return {"net": net.state_dict(), "optimiser": optimiser.state_dict(), "step": step, "spent": spent}


def to(batch: dict[str, torch.Tensor], device: str) -> dict[str, torch.Tensor]:
    return {name: value.to(device, non_blocking=True) for name, value in batch.items()}


if __name__ == "__main__":
    main()
