"""Homography pairs on held-out photos.

Each pair: a photo at 640x480 and the same turned by up to 25 degrees, scaled by 0.6-1.1, with perspective and a
photometric change. Photos come from sources training never saw.
"""
from pathlib import Path

import cv2
import numpy as np

from augment import photometric, view_homography, warp_image, warp_points
from cache import HEIGHT, WIDTH, cover, list_photos
from extractors import Features, mutual_matches

SIZE = (WIDTH, HEIGHT)
RIGHT_PX = 3.0
COLUMNS = {"repeatability": "repeat.", "accuracy": "accuracy", "correct": "correct", "precision_px": "px",
           "h3": "H@3", "h5": "H@5"}


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


def score(a: Features, b: Features, h: np.ndarray) -> dict[str, float]:
    in_b = warp_points(a.points, h) if len(a.points) else a.points
    in_a = warp_points(b.points, np.linalg.inv(h)) if len(b.points) else b.points
    matches = mutual_matches(a, b)
    error = np.linalg.norm(in_b[matches[:, 0]] - b.points[matches[:, 1]], axis=1)
    right = int((error < RIGHT_PX).sum())
    corner = corner_error(a.points[matches[:, 0]], b.points[matches[:, 1]], h)
    return {"repeatability": repeatability(in_b[inside(in_b)], b.points[inside(in_a)]),
            "accuracy": right / max(1, len(matches)), "correct": right,
            "precision_px": float(np.median(error[error < RIGHT_PX])) if right else RIGHT_PX,
            "h3": corner < 3, "h5": corner < 5}


def repeatability(expected: np.ndarray, found: np.ndarray) -> float:
    """Share of the points of either picture, where both see, with a partner within 3 px."""
    gaps = np.linalg.norm(expected[:, None] - found[None], axis=2)
    near = (gaps.min(1) < RIGHT_PX).sum() + (gaps.min(0) < RIGHT_PX).sum() if gaps.size else 0
    return near / max(1, sum(gaps.shape))


def corner_error(pa: np.ndarray, pb: np.ndarray, h: np.ndarray) -> float:
    if len(pa) < 4:
        return np.inf
    cv2.setRNGSeed(1)
    found, _ = cv2.findHomography(pa, pb, cv2.RANSAC, 3.0, maxIters=5000, confidence=0.9999)
    if found is None:
        return np.inf
    corners = np.array([[0, 0], [WIDTH, 0], [WIDTH, HEIGHT], [0, HEIGHT]], float)
    return float(np.linalg.norm(warp_points(corners, found) - warp_points(corners, h), axis=1).mean())


def evaluate(methods: dict, shared: Path, count: int, seed: int):
    """Yields (method, mean scores)."""
    pairs = make_pairs(shared, count, seed)
    for name, extract in methods.items():
        rows = [score(extract(first), extract(second), h) for first, second, h in pairs]
        yield name, {key: float(np.mean([row[key] for row in rows])) for key in rows[0]}
