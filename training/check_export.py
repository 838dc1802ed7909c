"""Prove that the exported graphs say what the trained network says, to the half pixel.

    python check_export.py --checkpoint RUN/last.pt [--models ../models]

1. dense-v1 equals PyTorch. 2. sparse-v1's keypoints are peaks of dense-v1's score map, and its descriptors equal
PyTorch's bilinear sampling at those points; the global descriptor of both is one, however many keypoints are asked for.
3. The coordinates follow the picture: keypoints of a picture shifted by whole cells shift by exactly that. 4. The
graph's own keypoint choice finds blobs of a drawn score map at their known sub-pixel places, and its sampling reads a
coordinate ramp back exactly.
"""
import argparse
from pathlib import Path

import cv2
import numpy as np
import onnxruntime as ort
import torch

import heads
from export import MODELS, load, stem
from graph import Graph
from losses import sample
from model import CELL


def picture(height: int, width: int, seed: int) -> np.ndarray:
    """Smooth noise of several scales, float32 [H,W] in 0..1."""
    rng = np.random.default_rng(seed)
    image = sum(cv2.resize(rng.standard_normal((height // s, width // s)).astype(np.float32), (width, height),
                           interpolation=cv2.INTER_CUBIC) * s**0.5 for s in (2, 4, 8, 16, 32))
    return np.clip(0.5 + 0.08 * image, 0, 1)


def run(session: ort.InferenceSession, image: np.ndarray, count: int = 500) -> dict[str, np.ndarray]:
    feeds = {"image": image[None, None].astype(np.float32)}
    if len(session.get_inputs()) > 1:
        feeds["max_keypoints"] = np.array([count], np.int64)
    return dict(zip([o.name for o in session.get_outputs()], session.run(None, feeds)))


def dense_equals_torch(net, dense, image: np.ndarray) -> None:
    out = run(dense, image)
    with torch.no_grad():
        want = net(torch.from_numpy(image)[None, None])
    probability = torch.softmax(want["logits"], 1)[:, : CELL * CELL] * torch.sigmoid(want["reliability"])
    score = torch.nn.functional.pixel_shuffle(probability, CELL).numpy()
    assert np.abs(out["scores"] - score).max() < 1e-4
    assert np.abs(out["descriptors"] - want["descriptors"].numpy()).max() < 1e-3
    assert abs(np.linalg.norm(out["global"]) - 1) < 1e-5


def sparse_equals_dense(sparse, dense, image: np.ndarray) -> None:
    few, all_ = run(sparse, image), run(dense, image)
    points, scores = few["keypoints"][0], few["scores"][0]
    keep = scores > 0
    pixel = np.floor(points[keep]).astype(int)
    near = [all_["scores"][0, 0, y - 1 : y + 2, x - 1 : x + 2].max() for x, y in pixel]
    assert np.allclose(near, scores[keep], rtol=1e-4)
    height, width = image.shape
    want = sample(torch.from_numpy(all_["descriptors"]), torch.from_numpy(points)[None], width, height)[0].numpy()
    assert np.abs(want - few["descriptors"][0]).max() < 1e-4
    for count in (40, heads.AGGREGATED, 2 * heads.AGGREGATED):
        assert np.abs(run(sparse, image, count)["global"] - all_["global"]).max() < 1e-4


def shift_follows(sparse, seed: int) -> float:
    """Share of strong keypoints that moved by exactly 32 px with the picture (the statistics differ a little)."""
    big = picture(480, 640, seed)
    a, b = run(sparse, big[:448, :608].copy()), run(sparse, big[32:, 32:].copy())
    pa, pb = a["keypoints"][0] - 32, b["keypoints"][0]
    inner = pa[np.all((pa > 64) & (pa < (500, 340)), axis=1)]
    gap = np.linalg.norm(inner[:, None] - pb[None], axis=2).min(1)
    return float((gap < 0.1).mean())


def heads_alone() -> ort.InferenceSession:
    """The graph's own keypoint choice and sampling, fed with a score map and a descriptor map from outside."""
    g = Graph("heads")
    scores = g.input("scores", "float", [1, 1, "height", "width"])
    cells = g.input("cells", "float", [1, 3, "rows", "columns"])
    count = g.input("max_keypoints", "int64", [1])
    _, x, y = heads.choose(g, scores, count)
    points = heads.keypoints(g, scores, x, y, refine=True)
    g.output(points, "points", ["n", 2])
    g.output(heads.sample(g, cells, points, scores), "rows", ["n", 3])
    return ort.InferenceSession(g.model().SerializeToString())


def known_places(seed: int) -> tuple[float, float]:
    """Largest error [px] of keypoints on blobs at known sub-pixel places, and of a sampled coordinate ramp."""
    rng = np.random.default_rng(seed)
    height, width = 320, 480
    places = np.stack(np.meshgrid(np.arange(16, width - 16, 16), np.arange(16, height - 16, 16)), -1).reshape(-1, 2)
    places = places + rng.uniform(-4, 4, places.shape)
    ys, xs = np.mgrid[0:height, 0:width] + 0.5
    scores = np.zeros((height, width), np.float32)
    for x, y in places:
        scores = np.maximum(scores, np.exp(-((xs - x) ** 2 + (ys - y) ** 2) / (2 * 0.9**2)))
    cy, cx = np.mgrid[0 : height // CELL, 0 : width // CELL] * CELL + CELL / 2
    ramp = np.stack([cx, cy, np.full_like(cx, 100.0)])
    points, rows = heads_alone().run(None, {"scores": scores[None, None].astype(np.float32),
                                            "cells": ramp[None].astype(np.float32), "max_keypoints": np.array([len(places)])})
    found = np.linalg.norm(points[None] - places[:, None], axis=2).min(1)
    return float(found.max()), float(np.abs(rows[:, :2] / rows[:, 2:] * 100 - points).max())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--models", type=Path, default=MODELS)
    args = parser.parse_args()
    torch.set_num_threads(1)
    net, variant = load(args.checkpoint)
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    sparse, dense = (ort.InferenceSession(str(args.models / name), options) for name in (f"{stem(variant)}-fp32.onnx", f"{stem(variant)}-dense.onnx"))
    for size in ((480, 640), (96, 160)):
        image = picture(*size, 1)
        dense_equals_torch(net, dense, image)
        sparse_equals_dense(sparse, dense, image)
    print(f"shifted by whole cells: {shift_follows(sparse, 2):.2f} of keypoints follow within 0.1 px")
    place, ramp = known_places(3)
    print(f"blobs at known places: within {place:.3f} px; descriptor sampling: within {ramp:.4f} px")
    assert place < 0.05 and ramp < 0.01, "the half pixel is wrong somewhere"


if __name__ == "__main__":
    main()
