"""Fit the global head without labels: k-means over our own local descriptors, then PCA of the VLAD vectors.

    python global_head.py --checkpoint RUN/last.pt --cache CACHE --out HEAD.npz
"""
import argparse
from pathlib import Path

import cv2
import numpy as np
import torch

CLUSTERS, OUT = 32, 256


def local_maps(net, pictures: list[np.ndarray]) -> list[np.ndarray]:
    """Unit local descriptors [N,D] per picture (uint8 [H,W])."""
    maps = []
    with torch.no_grad():
        for gray in pictures:
            image = torch.from_numpy(gray.astype(np.float32) / 255)[None, None]
            maps.append(net(image)["descriptors"][0].flatten(1).T.numpy())
    return maps


def vlad(local: np.ndarray, centroids: np.ndarray, sharpness: float) -> np.ndarray:
    logits = sharpness * local @ centroids.T
    soft = np.exp(logits - logits.max(1, keepdims=True))
    soft /= soft.sum(1, keepdims=True)
    residual = soft.T @ local - soft.sum(0)[:, None] * centroids
    residual /= np.linalg.norm(residual, axis=1, keepdims=True) + 1e-12
    return (residual / np.linalg.norm(residual)).ravel()


def fit(net, pictures: list[np.ndarray], seed: int = 1, sharpness: float = 20.0) -> dict[str, np.ndarray]:
    """Centroids [32,64] unit rows, PCA mean [2048] and projection [2048,256], softly whitened."""
    rng = np.random.default_rng(seed)
    maps = local_maps(net, pictures)
    pool = np.concatenate([m[rng.permutation(len(m))[:100]] for m in maps]).astype(np.float32)
    cv2.setRNGSeed(seed)
    criteria = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 40, 1e-4)
    _, _, centroids = cv2.kmeans(pool, CLUSTERS, None, criteria, 2, cv2.KMEANS_PP_CENTERS)
    centroids /= np.linalg.norm(centroids, axis=1, keepdims=True)
    vectors = np.stack([vlad(m, centroids, sharpness) for m in maps])
    mean = vectors.mean(0)
    _, values, axes = np.linalg.svd(vectors - mean, full_matrices=False)
    keep = min(OUT, len(values))
    # Half-strength whitening: full whitening trusts the last axes too much with this many pictures.
    gain = (values[:keep] / values[0] + 0.02) ** -0.5
    return {"centroids": centroids, "sharpness": np.float32(sharpness), "mean": mean.astype(np.float32),
            "projection": (axes[:keep].T * gain).astype(np.float32)}


def main() -> None:
    from export import load, training_pictures

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--pictures", type=int, default=700)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    torch.set_num_threads(1)
    np.savez(args.out, **fit(load(args.checkpoint)[0], training_pictures(args.cache, args.pictures)[0]))


if __name__ == "__main__":
    main()
