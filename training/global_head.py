"""Fit the global head: k-means over our own keypoint descriptors, PCA of the VLAD vectors, then the projection learned on.

    python global_head.py --checkpoint RUN/last.pt --cache CACHE [--rendered CACHE/rendered] [--steps 80] --out HEAD.npz

Pictures, the views of them that stand for turned cameras and what is known of their places come from place_data.py.
The centroids see upright pictures only: the edges of black corners would take some of them for themselves. The PCA sees
all, and its whitening quietens what only the corners tell.
"""
import argparse
from pathlib import Path

import cv2
import numpy as np
import onnxruntime as ort
import torch

import place_data
from global_learn import learn
from heads import AGGREGATED, LEAST_SCORE

CLUSTERS, OUT = 32, 256
WHITENING = 0.8  # between none (0) and full (1), which would trust the last axes too much
Rows = tuple[np.ndarray, np.ndarray]  # descriptors [N,D] unit, weights [N]


def keypoint_rows(net, pictures: list[np.ndarray]) -> list[Rows]:
    """What the exported graph finds in pictures (uint8 [H,W])."""
    from export import sparse

    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    session = ort.InferenceSession(sparse(net, None).SerializeToString(), options, providers=["CPUExecutionProvider"])
    found = []
    for gray in pictures:
        feeds = {"image": gray[None, None].astype(np.float32) / 255, "max_keypoints": np.array([AGGREGATED], np.int64)}
        scores, rows = session.run(["scores", "descriptors"], feeds)
        keep = scores[0] > LEAST_SCORE
        found.append((rows[0][keep].astype(np.float16), np.sqrt(scores[0][keep] - LEAST_SCORE)))
    return found


def vlad(rows: Rows, centroids: np.ndarray, sharpness: float) -> np.ndarray:
    """As heads.global_descriptor before its projection."""
    local, weights = rows[0].astype(np.float32), rows[1]
    logits = sharpness * local @ centroids.T
    soft = np.exp(logits - logits.max(1, keepdims=True))
    soft *= (weights / soft.sum(1))[:, None]
    residual = soft.T @ local - soft.sum(0)[:, None] * centroids
    residual /= np.linalg.norm(residual, axis=1, keepdims=True) + 1e-12
    return (residual / (np.linalg.norm(residual) + 1e-12)).ravel()


def fit(found: list[Rows], plain: np.ndarray, seed: int = 1, sharpness: float = 8.0) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Centroids [32,64] unit rows, PCA mean [2048] and projection [2048,256], softly whitened; and the VLADs [N,2048].

    plain [N] bool: the pictures that centroids are made from.
    """
    rng = np.random.default_rng(seed)
    pool = np.concatenate([rows[rng.permutation(len(rows))[:60]] for (rows, _), upright in zip(found, plain) if upright]).astype(np.float32)
    cv2.setRNGSeed(seed)
    criteria = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 40, 1e-4)
    _, _, centroids = cv2.kmeans(pool, CLUSTERS, None, criteria, 2, cv2.KMEANS_PP_CENTERS)
    centroids /= np.linalg.norm(centroids, axis=1, keepdims=True)
    vectors = np.stack([vlad(rows, centroids, sharpness) for rows in found])
    mean = vectors.mean(0)
    _, values, axes = np.linalg.svd(vectors - mean, full_matrices=False)
    keep = min(OUT, len(values))
    gain = (values[:keep] / values[0] + 0.02) ** -WHITENING
    head = {"centroids": centroids, "sharpness": np.float32(sharpness), "mean": mean.astype(np.float32),
            "projection": (axes[:keep].T * gain).astype(np.float32)}
    return head, vectors


def main() -> None:
    from export import load

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--rendered", type=Path)
    parser.add_argument("--steps", type=int, default=80, help="of learning with labels; 0 keeps the PCA")
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    torch.set_num_threads(1)
    places = place_data.collect(args.cache, args.rendered)
    head, vectors = fit(keypoint_rows(load(args.checkpoint)[0], places.pictures), places.plain)
    np.savez(args.out, **learn(head, vectors, places.same, places.other, steps=args.steps) if args.steps else head)


if __name__ == "__main__":
    main()
