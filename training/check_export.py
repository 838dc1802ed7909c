"""Prove that the exported graphs say what the trained network says, to the half pixel.

    python check_export.py --checkpoint RUN/last.pt [--models ../models]

1. dense-v1 equals PyTorch. 2. sparse-v1's keypoints are peaks of dense-v1's score map, and its descriptors equal
PyTorch's bilinear sampling at those points. 3. The coordinates follow the picture: keypoints of a picture shifted
by whole cells shift by exactly that. 4. Blobs drawn at known sub-pixel places are found there, without bias.
"""
import argparse
from pathlib import Path

import cv2
import numpy as np
import onnxruntime as ort
import torch

from export import MODELS, load
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
    assert np.abs(few["global"] - all_["global"]).max() < 1e-5


def shift_follows(sparse, seed: int) -> float:
    """Share of strong keypoints that moved by exactly 32 px with the picture (the statistics differ a little)."""
    big = picture(480, 640, seed)
    a, b = run(sparse, big[:448, :608].copy()), run(sparse, big[32:, 32:].copy())
    pa, pb = a["keypoints"][0] - 32, b["keypoints"][0]
    inner = pa[np.all((pa > 64) & (pa < (500, 340)), axis=1)]
    gap = np.linalg.norm(inner[:, None] - pb[None], axis=2).min(1)
    return float((gap < 0.1).mean())


def blob_bias(sparse, seed: int) -> tuple[np.ndarray, float]:
    """Mean signed and median absolute error [px] of keypoints on Gaussian blobs at random sub-pixel places."""
    rng = np.random.default_rng(seed)
    errors = []
    for _ in range(8):
        places = np.stack(np.meshgrid(np.arange(40, 600, 37), np.arange(40, 440, 37)), -1).reshape(-1, 2)
        places = places + rng.uniform(-4, 4, places.shape)
        image = np.full((480, 640), 0.45) + 0.05 * (picture(480, 640, seed) - 0.5)
        ys, xs = np.mgrid[0:480, 0:640] + 0.5
        for x, y in places:
            part = np.s_[int(y) - 10 : int(y) + 11, int(x) - 10 : int(x) + 11]
            image[part] += 0.45 * rng.choice([-1, 1]) * np.exp(-((xs[part] - x) ** 2 + (ys[part] - y) ** 2) / 8)
        found = run(sparse, np.clip(image, 0, 1).astype(np.float32), 300)["keypoints"][0]
        delta = found[None] - places[:, None]
        nearest = np.linalg.norm(delta, axis=2).argmin(1)
        best = delta[np.arange(len(places)), nearest]
        errors.append(best[np.linalg.norm(best, axis=1) < 2])
    errors = np.concatenate(errors)
    return errors.mean(0), float(np.median(np.linalg.norm(errors, axis=1)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--models", type=Path, default=MODELS)
    args = parser.parse_args()
    torch.set_num_threads(1)
    net = load(args.checkpoint)
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    sparse, dense = (ort.InferenceSession(str(args.models / name), options) for name in ("hfnet.onnx", "hfnet-dense.onnx"))
    for size in ((480, 640), (96, 160)):
        image = picture(*size, 1)
        dense_equals_torch(net, dense, image)
        sparse_equals_dense(sparse, dense, image)
    print(f"shifted by whole cells: {shift_follows(sparse, 2):.2f} of keypoints follow within 0.1 px")
    bias, spread = blob_bias(sparse, 3)
    print(f"blobs: bias {bias[0]:+.3f} {bias[1]:+.3f} px, median error {spread:.3f} px")
    assert np.abs(bias).max() < 0.15, "keypoints are off by a systematic fraction of a pixel"


if __name__ == "__main__":
    main()
