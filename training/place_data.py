"""Pictures for the global head and what is known about them: same place, other place, or not known.

Photos stand as they are and turned, scaled and relit (augment.py); rendered frames under every light. Two pictures show
the same place if they are views of one photo, photos of one sequence with a verified epipolar geometry (pairs.py), or
frames of one rendered path a few frames apart; they show different places if their sequences differ or their rendered
cameras are far from each other. Everything else is not known and left out.
"""
import json
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from augment import photometric, view_homography, warp_image
from cache import HEIGHT, WIDTH, open_cache
from rendered import MAX_GAP, Scene

SIZE = (320, 224)
FAR_M = 25.0


@dataclass
class Places:
    """pictures uint8 [224,320]; same and other [N,N] bool, same with a false diagonal."""

    pictures: list[np.ndarray]
    same: np.ndarray
    other: np.ndarray


def small(gray: np.ndarray) -> np.ndarray:
    return cv2.resize(gray, SIZE, interpolation=cv2.INTER_AREA)


def another_view(gray: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    scale = SIZE[0] / WIDTH * np.exp(rng.uniform(np.log(0.85), np.log(1.6)))
    centre = np.array([WIDTH, HEIGHT]) * rng.uniform(0.4, 0.6, 2)
    h = view_homography(rng, centre, scale, rng.normal(0, 0.25), rng.uniform(0, 0.12), SIZE)
    smooth = cv2.GaussianBlur(gray, (0, 0), 0.45 / scale) if scale < 0.8 else gray
    return photometric(warp_image(smooth, h, SIZE, cv2.BORDER_REFLECT_101), rng)


def photos(cache: Path, rng: np.random.Generator) -> tuple[list[np.ndarray], list[int], list[str]]:
    """Pictures, the photo each is of, and its sequence; two pictures a photo."""
    index = json.loads((cache / "index.json").read_text())
    arrays = open_cache(cache, "r", len(index))
    pictures, rows, sequences = [], [], []
    for row, photo in enumerate(index):
        if photo["split"] == "training" and arrays["done"][row]:
            gray = np.array(arrays["gray"][row])
            pictures += [small(gray), another_view(gray, rng)]
            rows += [row, row]
            sequences += [photo["source"]] * 2
    return pictures, rows, sequences


def frames(folder: Path | None) -> tuple[list[np.ndarray], list[tuple[int, int]], list[np.ndarray]]:
    """Pictures of every second rendered frame in every light; (scene, frame) and camera centre of each."""
    pictures, names, centres = [], [], []
    for number, path in enumerate(sorted(folder.glob("*/scene.json")) if folder else []):
        scene = Scene(path.parent)
        for light in range(scene.gray.shape[0]):
            for frame in range(0, scene.gray.shape[1], 2):
                pictures.append(cv2.resize(scene.gray[light, frame], SIZE, interpolation=cv2.INTER_CUBIC))
                names.append((number, frame))
                centres.append(scene.poses[frame][:3])
    return pictures, names, centres


def collect(cache: Path, rendered: Path | None, seed: int = 1) -> Places:
    shots, rows, sequences = photos(cache, np.random.default_rng(seed))
    renders, names, centres = frames(rendered)
    n, m = len(shots), len(renders)
    same, other = np.zeros((n + m, n + m), bool), np.ones((n + m, n + m), bool)
    of_photo, source = np.array(rows), np.array(sequences)
    same[:n, :n] = of_photo[:, None] == of_photo[None]
    verified = np.zeros((of_photo.max() + 1,) * 2, bool)
    i, j = np.load(cache / "pairs.npz")["rows"].T
    verified[i, j] = verified[j, i] = True
    same[:n, :n] |= verified[np.ix_(of_photo, of_photo)]
    other[:n, :n] = source[:, None] != source[None]
    if m:
        scene, frame = np.array(names).T
        place = np.array(centres)
        together = scene[:, None] == scene[None]
        same[n:, n:] = together & (np.abs(frame[:, None] - frame[None]) <= MAX_GAP)
        distance = np.linalg.norm(place[:, None] - place[None], axis=2)
        other[n:, n:] = ~together | (distance > FAR_M)
    np.fill_diagonal(same, False)
    return Places(shots + renders, same, other & ~same)
