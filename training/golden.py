"""Test vectors for the Node side: a small picture of our own and what Python's onnxruntime makes of it.

Writes models/golden/pattern.png (gray 160x128), the 40 best keypoints of the sparse networks and dense.json (a grid of
samples). sparse.json is of the float32 file, sparse-int8.json and sparse-fast.json of the int8 ones.
"""
import argparse
import json
from pathlib import Path

import cv2
import numpy as np

from export import MODELS
from extractors import session

WIDTH, HEIGHT, COUNT = 160, 128, 40
SPARSE = {"sparse": "hfnet-fp32", "sparse-int8": "hfnet", "sparse-fast": "hfnet-fast"}


def pattern() -> np.ndarray:
    """Seeded noise of several scales with rectangles and discs on it, uint8."""
    rng = np.random.default_rng(5)
    image = sum(cv2.resize(rng.standard_normal((HEIGHT // s, WIDTH // s)).astype(np.float32), (WIDTH, HEIGHT),
                           interpolation=cv2.INTER_CUBIC) * s**0.5 for s in (4, 8, 16, 32))
    pixels = np.clip(120 + 14 * image, 0, 255).astype(np.uint8)
    for _ in range(14):
        x, y, w, h = (int(v) for v in rng.integers((4, 4, 8, 8), (WIDTH - 24, HEIGHT - 24, 34, 28)))
        cv2.rectangle(pixels, (x, y), (x + w, y + h), int(rng.integers(255)), -1)
    for _ in range(6):
        x, y, r = (int(v) for v in rng.integers((8, 8, 3), (WIDTH - 8, HEIGHT - 8, 9)))
        cv2.circle(pixels, (x, y), r, int(rng.integers(255)), -1)
    return pixels


def rounded(array: np.ndarray, digits: int) -> list:
    return np.round(array.astype(float), digits).tolist()


def head_of(models: Path, name: str) -> dict:
    sha = json.loads((models / f"{name}.json").read_text())["sha256"]
    return {"image": "pattern.png", "width": WIDTH, "height": HEIGHT, "tolerance": 2e-3, "modelSha256": sha}


def sparse_vectors(models: Path, name: str, image: np.ndarray) -> dict:
    feeds = {"image": image, "max_keypoints": np.array([COUNT], np.int64)}
    points, scores, rows, whole = session(models / f"{name}.onnx").run(["keypoints", "scores", "descriptors", "global"], feeds)
    return {**head_of(models, name), "maxKeypoints": COUNT, "keypoints": rounded(points[0], 4), "scores": rounded(scores[0], 5),
            "descriptors": rounded(rows[0], 5), "global": rounded(whole[0], 5)}


def dense_vectors(models: Path, name: str, image: np.ndarray) -> dict:
    heat, cells, whole = session(models / f"{name}.onnx").run(["scores", "descriptors", "global"], {"image": image})
    at = [[int(i), int(j)] for i in range(0, HEIGHT // 8, 5) for j in range(0, WIDTH // 8, 6)]
    peak = np.unravel_index(heat[0, 0].argmax(), heat[0, 0].shape)
    return {**head_of(models, name), "cells": at, "descriptors": rounded(np.stack([cells[0, :, i, j] for i, j in at]), 5),
            "bestPixel": {"row": int(peak[0]), "column": int(peak[1]), "score": round(float(heat.max()), 5)},
            "scoreSum": round(float(heat.sum()), 3), "global": rounded(whole[0], 5)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", type=Path, default=MODELS)
    args = parser.parse_args()
    out = args.models / "golden"
    out.mkdir(exist_ok=True)
    pixels = pattern()
    cv2.imwrite(str(out / "pattern.png"), pixels)
    image = pixels.astype(np.float32)[None, None] / 255
    vectors = {file: sparse_vectors(args.models, name, image) for file, name in SPARSE.items()}
    vectors["dense"] = dense_vectors(args.models, "hfnet-dense", image)
    for file, content in vectors.items():
        (out / f"{file}.json").write_text(json.dumps(content) + "\n")
    for file in sorted(out.iterdir()):
        print(f"{file.name}: {file.stat().st_size} bytes")


if __name__ == "__main__":
    main()
