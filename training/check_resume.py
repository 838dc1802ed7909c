"""Prove that an interrupted run is the uninterrupted one: 6 steps straight and 3 + resume + 3 give the same bits.

    python check_resume.py --cache CACHE [--workers 2]

Holds for --steps on one kind of machine with the same number of processes and threads.
"""
import argparse
import tempfile
from pathlib import Path

import torch

import train

STEPS = 6


def trained(cache: Path, run: Path, stops: list[int], workers: int) -> dict:
    run.mkdir()
    for stop in stops:
        words = ["--cache", cache, "--run", run, "--steps", STEPS, "--stop", stop, "--batch", 4, "--processes", 1, "--workers", workers]
        train.work(0, train.arguments([str(word) for word in words]))
    return torch.load(run / "last.pt")


def leaves(value, path: str = "") -> dict:
    """Nested dictionaries and lists as one flat dictionary."""
    if isinstance(value, (dict, list, tuple)):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        return {name: leaf for key, inner in items for name, leaf in leaves(inner, f"{path}/{key}").items()}
    return {path: value}


def same(a, b) -> bool:
    return torch.equal(a, b) if isinstance(a, torch.Tensor) else a == b


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--workers", type=int, default=0)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        straight = leaves(trained(args.cache, Path(folder) / "straight", [STEPS], args.workers))
        resumed = leaves(trained(args.cache, Path(folder) / "resumed", [STEPS // 2, STEPS], args.workers))
        half = leaves(trained(args.cache, Path(folder) / "half", [STEPS // 2], args.workers))
    timing = {"/spent"}
    differ = [name for name in straight if name not in timing and not same(straight[name], resumed[name])]
    assert straight.keys() == resumed.keys() and not differ, f"differ after resuming: {differ[:5]}"
    moved = sum(not same(straight[name], half[name]) for name in straight)
    assert moved > len(straight) / 2, "the comparison is empty: training moved nothing"
    print(f"{len(straight) - 1} entries of the checkpoint (weights, averages, optimiser) are equal bit for bit; {moved} moved since step 3")


if __name__ == "__main__":
    main()
