"""Draw runs' log.jsonl as one picture, a row each: losses and the share of right mutual matches, training and held out.

    python plot.py RUN [RUN ...] --out curve.png
"""
import argparse
import json
from pathlib import Path

import cv2
import numpy as np

PANELS = ("contrastive", "distil", "detector", "reliability", "right")
SIZE = (360, 240)
TRAIN, HELD_OUT = (180, 120, 40), (40, 80, 220)


def panel(lines: list[dict], name: str) -> np.ndarray:
    w, h = SIZE
    image = np.full((h, w, 3), 255, np.uint8)
    curves = [([x["step"] for x in lines if key in x], [x[key] for x in lines if key in x], colour)
              for key, colour in ((name, TRAIN), (f"val_{name}", HELD_OUT))]
    values = np.concatenate([ys for _, ys, _ in curves])
    low, high = values.min(), np.percentile(values, 98)
    last = max(x["step"] for x in lines)
    for xs, ys, colour in curves:
        px = 10 + np.array(xs) / last * (w - 20)
        py = h - 12 - (np.clip(ys, low, high) - low) / max(1e-9, high - low) * (h - 45)
        cv2.polylines(image, [np.stack([px, py], 1).astype(np.int32)], False, colour, 1, cv2.LINE_AA)
    text = f"{name} {low:.3f}..{high:.3f}, {last} steps"
    cv2.putText(image, text, (10, 18), cv2.FONT_HERSHEY_SIMPLEX, 0.42, (0, 0, 0), 1, cv2.LINE_AA)
    cv2.putText(image, "training", (w - 140, 34), cv2.FONT_HERSHEY_SIMPLEX, 0.38, TRAIN, 1, cv2.LINE_AA)
    cv2.putText(image, "held out", (w - 70, 34), cv2.FONT_HERSHEY_SIMPLEX, 0.38, HELD_OUT, 1, cv2.LINE_AA)
    return image


def row(run: Path) -> np.ndarray:
    lines = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
    title = np.full((22, SIZE[0] * len(PANELS), 3), 235, np.uint8)
    cv2.putText(title, run.name, (10, 16), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (0, 0, 0), 1, cv2.LINE_AA)
    return np.vstack([title, np.hstack([panel(lines, name) for name in PANELS])])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", type=Path, nargs="+")
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    cv2.imwrite(str(args.out or args.runs[0] / "curve.png"), np.vstack([row(run) for run in args.runs]))


if __name__ == "__main__":
    main()
