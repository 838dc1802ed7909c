"""Draw a run's log.jsonl as a picture: losses and the share of right mutual matches, training and validation."""
import json
import sys
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


def main() -> None:
    run = Path(sys.argv[1])
    out = Path(sys.argv[2]) if len(sys.argv) > 2 else run / "curve.png"
    lines = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
    cv2.imwrite(str(out), np.hstack([panel(lines, name) for name in PANELS]))


if __name__ == "__main__":
    main()
