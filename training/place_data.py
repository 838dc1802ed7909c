"""Pictures for the global head and what is known about them: same place, other place, or not known.

Photos (at most PER_SOURCE of a source, so that no flight decides alone) stand as they are, rolled and relit with black
corners, and rolled so and turned back by an eighth as the engine tries it; rendered frames under every light. Two
pictures show the same place if they are views of one photo, photos of one sequence with a verified epipolar geometry
(pairs.py), or frames of one rendered path a few frames apart; they show different places if their sequences differ or
their rendered cameras are far from each other. Everything else is not known and left out.
"""
import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from augment import photometric
from cache import HEIGHT, WIDTH, open_cache
from rendered import MAX_GAP, Scene

PER_SOURCE = 70
VIEWS = 3  # of each photo
EIGHTH_DEG = 45
FAR_M = 25.0


@dataclass
class Places:
    """pictures uint8 [480,640]; plain [N] bool: not a made view; same and other [N,N] bool, same with a false diagonal."""

    pictures: list[np.ndarray]
    plain: np.ndarray
    same: np.ndarray
    other: np.ndarray


def turned(gray: np.ndarray, deg: float, scale: float, border: int) -> np.ndarray:
    turn = cv2.getRotationMatrix2D(((WIDTH - 1) / 2, (HEIGHT - 1) / 2), deg, scale)
    flags = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return cv2.warpAffine(gray, turn, (WIDTH, HEIGHT), flags=flags, borderMode=border)


def views(gray: np.ndarray, rng: np.random.Generator) -> list[np.ndarray]:
    """As it is; rolled with black corners, in other light; another roll, turned back by an eighth with the edge drawn out."""
    found = [gray]
    for steps in (0, 1):
        side, deg = rng.choice((-1, 1)), rng.uniform(10, 65)
        rolled = turned(photometric(gray, rng), side * deg, rng.uniform(0.65, 1.0), cv2.BORDER_CONSTANT)
        found.append(turned(rolled, -side * steps * EIGHTH_DEG, 1.0, cv2.BORDER_REPLICATE) if steps else rolled)
    return found


def photos(cache: Path, rng: np.random.Generator) -> tuple[list[np.ndarray], list[int], list[str]]:
    """Pictures, the photo each is of, and its sequence; VIEWS pictures a photo."""
    index = json.loads((cache / "index.json").read_text())
    arrays = open_cache(cache, "r", len(index))
    pictures, rows, sequences, taken = [], [], [], Counter()
    for row, photo in enumerate(index):
        if photo["split"] == "training" and arrays["done"][row] and taken[photo["source"]] < PER_SOURCE:
            taken[photo["source"]] += 1
            pictures += views(np.array(arrays["gray"][row]), rng)
            rows += [row] * VIEWS
            sequences += [photo["source"]] * VIEWS
    return pictures, rows, sequences


def frames(folder: Path | None) -> tuple[list[np.ndarray], list[tuple[int, int]], list[np.ndarray]]:
    """Pictures of every second rendered frame in every light; (scene, frame) and camera centre of each."""
    pictures, names, centres = [], [], []
    for number, path in enumerate(sorted(folder.glob("*/scene.json")) if folder else []):
        scene = Scene(path.parent)
        for light in range(scene.gray.shape[0]):
            for frame in range(0, scene.gray.shape[1], 2):
                pictures.append(cv2.resize(scene.gray[light, frame], (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC))
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
    i, j = np.load(cache / "pairs.npz")["rows"].T
    verified = np.zeros((max(i.max(), j.max(), of_photo.max()) + 1,) * 2, bool)
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
    plain = np.r_[np.arange(n) % VIEWS == 0, np.ones(m, bool)]
    return Places(shots + renders, plain, same, other & ~same)
