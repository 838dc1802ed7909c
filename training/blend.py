"""The mean of two checkpoints of one variant, where the second was trained on from the first.

    python blend.py FIRST/last.pt SECOND/last.pt --out RUN/last.pt

Fine-tuning gains what its data teaches and forgets a little; half way between the weights both hold (Wortsman et al.
2022, "Robust fine-tuning of zero-shot models"). The result is for export, it has no state to train on from.
"""
import argparse
from pathlib import Path

import torch

from state import load_weights, save


def mixed(first: dict, second: dict, share: float) -> dict:
    return {name: torch.lerp(first[name], value, share) if value.is_floating_point() else value for name, value in second.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("first", type=Path)
    parser.add_argument("second", type=Path)
    parser.add_argument("--share", type=float, default=0.5, help="of the second")
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    first, second = load_weights(args.first), load_weights(args.second)
    assert first["variant"] == second["variant"], "only one variant can be averaged"
    args.out.parent.mkdir(parents=True, exist_ok=True)
    save(args.out, {**second, "ema": mixed(first["ema"], second["ema"], args.share)})


if __name__ == "__main__":
    main()
