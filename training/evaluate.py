"""Homography pairs on held-out photos: one seeded command, one table.

    python evaluate.py [--pairs 30] [--aliked]

Each pair: a photo at 640x480 and the same turned by up to 25 degrees, scaled by 0.6-1.1, with perspective and a
photometric change; up to 1000 keypoints, mutual nearest neighbours. Photos come from sources training never saw.
"""
import argparse
import json
import time
from pathlib import Path

import cv2
import numpy as np

import extractors
from augment import photometric, view_homography, warp_image, warp_points
from cache import HEIGHT, WIDTH, cover, list_photos, shared_root

MODELS = Path(__file__).resolve().parents[1] / "models"
SIZE = (WIDTH, HEIGHT)


def make_pairs(shared: Path, count: int, seed: int) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """(first, second, homography first -> second), sources taken in turn."""
    rng = np.random.default_rng(seed)
    by_source: dict[str, list[dict]] = {}
    for photo in list_photos(shared):
        if photo["split"] == "validation":
            by_source.setdefault(photo["source"], []).append(photo)
    sources = sorted(by_source)
    pairs = []
    for k in range(count):
        photos = by_source[sources[k % len(sources)]]
        photo = photos[rng.integers(len(photos))]
        first = cover(cv2.imread(str(shared / "photos" / photo["file"])))
        scale, angle = rng.uniform(0.6, 1.1), np.deg2rad(rng.uniform(-25, 25))
        h = view_homography(rng, (WIDTH / 2, HEIGHT / 2), scale, angle, 0.08, SIZE)
        second = warp_image(cv2.GaussianBlur(first, (0, 0), 0.4 / scale), h, SIZE, cv2.BORDER_CONSTANT)
        pairs.append((first, change_light(second, rng), h))
    return pairs


def change_light(bgr: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The gray change of augment.photometric, carried to the three channels alike."""
    state = rng.bit_generator.state
    channels = []
    for k in range(3):
        rng.bit_generator.state = state
        channels.append(photometric(bgr[:, :, k], rng))
    return np.dstack(channels)


def inside(points: np.ndarray) -> np.ndarray:
    return np.all((points >= 0) & (points < SIZE), axis=1)


def score(a: extractors.Features, b: extractors.Features, h: np.ndarray) -> dict[str, float]:
    in_b = warp_points(a.points, h) if len(a.points) else a.points
    in_a = warp_points(b.points, np.linalg.inv(h)) if len(b.points) else b.points
    common_a, common_b = inside(in_b), inside(in_a)
    gaps = np.linalg.norm(in_b[common_a][:, None] - b.points[common_b][None], axis=2)
    repeat = ((gaps.min(1) < 3).sum() + (gaps.min(0) < 3).sum()) / max(1, sum(gaps.shape)) if gaps.size else 0.0
    matches = extractors.mutual_matches(a, b)
    error = np.linalg.norm(in_b[matches[:, 0]] - b.points[matches[:, 1]], axis=1)
    right = int((error < 3).sum())
    corner = corner_error(a.points[matches[:, 0]], b.points[matches[:, 1]], h)
    return {"repeatability": repeat, "accuracy": right / max(1, len(matches)), "correct": right,
            "precision_px": float(np.median(error[error < 3])) if right else 3.0,
            "h3": corner < 3, "h5": corner < 5}


def corner_error(pa: np.ndarray, pb: np.ndarray, h: np.ndarray) -> float:
    if len(pa) < 4:
        return np.inf
    cv2.setRNGSeed(1)
    found, _ = cv2.findHomography(pa, pb, cv2.RANSAC, 3.0, maxIters=5000, confidence=0.9999)
    if found is None:
        return np.inf
    corners = np.array([[0, 0], [WIDTH, 0], [WIDTH, HEIGHT], [0, HEIGHT]], float)
    return float(np.linalg.norm(warp_points(corners, found) - warp_points(corners, h), axis=1).mean())


def methods(shared: Path, models: Path, with_aliked: bool) -> dict:
    found = {
        "ORB": extractors.opencv(cv2.ORB_create(1000)),
        "SIFT": extractors.opencv(cv2.SIFT_create(1000)),
        "XFeat": extractors.xfeat(shared / "models" / "xfeat_dense_480x640.onnx"),
    }
    if with_aliked:
        found["ALIKED-t16"] = extractors.aliked(shared / "models" / "aliked_t16_top1000_480x640.onnx")
    for file in sorted(models.glob("hfnet*.onnx")):
        if "dense" not in file.name:
            found[f"ours ({file.stem})"] = extractors.hfnet(file)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=30)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--models", type=Path, default=MODELS)
    parser.add_argument("--aliked", action="store_true", help="include ALIKED-t16 (about 1 s an image)")
    parser.add_argument("--ours-only", action="store_true")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    cv2.setNumThreads(1)
    shared = shared_root()
    pairs = make_pairs(shared, args.pairs, args.seed)
    table = {}
    print(f"{'':22}{'repeat.':>9}{'accuracy':>10}{'correct':>9}{'px':>7}{'H@3':>7}{'H@5':>7}{'s/image':>9}")
    for name, extract in methods(shared, args.models, args.aliked).items():
        if args.ours_only and not name.startswith("ours"):
            continue
        began = time.process_time()
        rows = [score(extract(first), extract(second), h) for first, second, h in pairs]
        mean = {key: float(np.mean([row[key] for row in rows])) for key in rows[0]}
        table[name] = mean
        seconds = (time.process_time() - began) / (2 * len(pairs))
        print(f"{name:22}{mean['repeatability']:9.3f}{mean['accuracy']:10.3f}{mean['correct']:9.0f}"
              f"{mean['precision_px']:7.2f}{mean['h3']:7.2f}{mean['h5']:7.2f}{seconds:9.3f}")
    if args.json:
        args.json.write_text(json.dumps(table, indent=2) + "\n")


if __name__ == "__main__":
    main()
