"""Real view pairs: teacher matches between photos of one sequence that also obey an epipolar geometry.

Writes `pairs.npz` into the cache folder: rows [M,2], offsets [M+1], and for all matches together
points [T,4] (x y in the first photo, x y in the second; px, centres at +0.5) and keypoint indices [T,2].
"""
import argparse
import json
from collections import defaultdict
from pathlib import Path

import cv2
import numpy as np

from cache import open_cache

MIN_INLIERS, MIN_SHIFT_PX, MATES = 50, 8.0, 10


def match(a: dict, b: dict) -> np.ndarray:
    """Mutual nearest neighbours that pass a ratio test, [n,2] indices."""
    similarity = a["desc"] @ b["desc"].T
    forward = similarity.argmax(1)
    mutual = similarity.argmax(0)[forward] == np.arange(len(forward))
    top = np.partition(similarity, -2, axis=1)[:, -2:]
    unique = (1 - top[:, 1]) < 0.92 * (1 - top[:, 0])
    keep = np.nonzero(mutual & unique & (top[:, 1] > 0.6))[0]
    return np.stack([keep, forward[keep]], 1)


def verify(a: dict, b: dict, matches: np.ndarray) -> np.ndarray:
    if len(matches) < MIN_INLIERS:
        return matches[:0]
    pa, pb = a["kp"][matches[:, 0]], b["kp"][matches[:, 1]]
    cv2.setRNGSeed(1)
    _, mask = cv2.findFundamentalMat(pa, pb, cv2.USAC_MAGSAC, 1.0, 0.999, 2000)
    if mask is None:
        return matches[:0]
    inliers = matches[mask.ravel().astype(bool)]
    shift = np.linalg.norm(a["kp"][inliers[:, 0]] - b["kp"][inliers[:, 1]], axis=1)
    if len(inliers) < MIN_INLIERS or np.median(shift) < MIN_SHIFT_PX:
        return matches[:0]
    return inliers


def candidates(index: list[dict], rng: np.random.Generator) -> list[tuple[int, int]]:
    sequences = defaultdict(list)
    for row, photo in enumerate(index):
        if photo["split"] == "training":
            sequences[photo["sequence_id"]].append(row)
    pairs = set()
    for rows in sequences.values():
        rows.sort(key=lambda row: index[row]["file"])
        for place, row in enumerate(rows):
            near = rows[max(0, place - 12) : place + 13]
            mates = rng.permutation(near)[:MATES]
            pairs.update((min(row, int(m)), max(row, int(m))) for m in mates if m != row)
    return sorted(pairs)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cache", type=Path, required=True)
    args = parser.parse_args()
    cv2.setNumThreads(1)
    index = json.loads((args.cache / "index.json").read_text())
    arrays = open_cache(args.cache, "r", len(index))
    photos = {}
    rows, offsets, points, indices = [], [0], [], []
    for i, j in candidates(index, np.random.default_rng(1)):
        if not (arrays["done"][i] and arrays["done"][j]):
            continue
        for row in (i, j):
            if row not in photos:
                photos[row] = {"kp": np.array(arrays["kp"][row]), "desc": arrays["desc"][row].astype(np.float32) / 127}
        a, b = photos[i], photos[j]
        found = verify(a, b, match(a, b))
        if len(found) == 0:
            continue
        rows.append((i, j))
        offsets.append(offsets[-1] + len(found))
        points.append(np.concatenate([a["kp"][found[:, 0]], b["kp"][found[:, 1]]], 1))
        indices.append(found)
    np.savez(args.cache / "pairs.npz", rows=np.array(rows), offsets=np.array(offsets),
             points=np.concatenate(points), indices=np.concatenate(indices))
    print(f"{len(rows)} pairs, {offsets[-1] / len(rows):.0f} matches each")


if __name__ == "__main__":
    main()
