"""Retrieval: one database of map pictures with distractors, the right ones known per query.

Queries and right answers come from the real sets (map against query list, right = within metres and 30 degrees), a
held-out survey flight (every third photo asks, right = SIFT finds a common epipolar geometry) and rendered towns (night
asks by day, right = within metres and 30 degrees, never the same pose). Every group's database pictures distract all
others, and so do all other held-out photos.

Methods: a network's own global descriptor, and for each kind of local features a VLAD over them (32 k-means centres
fitted on the database, each centre's sum normalised).
"""
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from cache import cover, list_photos
from daynight import View, read_town
from extractors import Features, mutual_matches, opencv
from rendered import rotation

REAL_SETS_M = {"kitti_a": 10.0, "karma_drone": 15.0, "walk_goproMax": 2.0, "brighton_drone": 30.0, "redkitchen7_early": 0.5}
SURVEY = "odm_garfield"
TOWN_M, ANGLE_DEG = 8.0, 30.0
MIN_EPIPOLAR = 30
CENTRES, SAMPLE = 32, 40000
RANKS = (1, 5, 10)


@dataclass
class Collection:
    """Database pictures, queries, and per query its group and the right database rows."""

    database: list[np.ndarray] = field(default_factory=list)
    queries: list[tuple[str, np.ndarray, set[int]]] = field(default_factory=list)

    def add(self, group: str, pictures: list[np.ndarray], queries: list[np.ndarray], right: np.ndarray) -> None:
        """right [queries, pictures] bool; a query without a right picture is left out."""
        first = len(self.database)
        self.database += pictures
        for query, row in zip(queries, right):
            if row.any():
                self.queries.append((group, query, set(first + np.flatnonzero(row))))


def near(centres_a, turns_a, centres_b, turns_b, limit_m: float) -> np.ndarray:
    """[A,B] within the limit and ANGLE_DEG; turns are world-from-camera matrices [.,3,3]."""
    distance = np.linalg.norm(centres_a[:, None] - centres_b[None], axis=2)
    cosine = (np.einsum("aij,bij->ab", turns_a, turns_b) - 1) / 2
    return (distance < limit_m) & (cosine > np.cos(np.deg2rad(ANGLE_DEG)))


def add_real_set(into: Collection, folder: Path, limit_m: float) -> None:
    times = dict(reversed(line.split(",")) for line in read_lines(folder / "images.csv"))
    poses = np.array([line.split() for line in read_lines(folder / "poses_tum.txt")], float)
    pose = lambda name: poses[np.abs(poses[:, 0] - float(times[name])).argmin(), 1:]
    sides = []
    for which in ("query", "map"):
        names = read_lines(folder / f"{which}.txt")
        found = np.array([pose(name) for name in names])
        pictures = [cover(cv2.imread(str(folder / "images" / name))) for name in names]
        sides.append((pictures, found[:, :3], np.array([rotation(p[3:]) for p in found])))
    (queries, qc, qt), (pictures, pc, pt) = sides
    into.add(folder.name, pictures, queries, near(qc, qt, pc, pt, limit_m))


def read_lines(path: Path) -> list[str]:
    return [line.strip() for line in path.read_text().splitlines() if line.strip() and line[0] != "#"]


def add_survey(into: Collection, shared: Path, photos: list[dict]) -> None:
    flight = sorted((p for p in photos if p["source"] == SURVEY and p["kind"] == "whole"), key=lambda p: p["file"])
    pictures = [cover(cv2.imread(str(shared / "photos" / photo["file"]))) for photo in flight]
    features = [opencv(cv2.SIFT_create(2000))(picture) for picture in pictures]
    asks = np.arange(len(flight)) % 3 == 1
    rows, columns = np.flatnonzero(asks), np.flatnonzero(~asks)
    right = np.array([[share_a_view(features[i], features[j]) for j in columns] for i in rows])
    into.add(SURVEY, [pictures[j] for j in columns], [pictures[i] for i in rows], right)


def share_a_view(a: Features, b: Features) -> bool:
    matches = mutual_matches(a, b)
    if len(matches) < MIN_EPIPOLAR:
        return False
    cv2.setRNGSeed(1)
    _, mask = cv2.findFundamentalMat(a.points[matches[:, 0]], b.points[matches[:, 1]], cv2.USAC_MAGSAC, 1.0, 0.999, 2000)
    # Random matches agree with some fundamental matrix by chance, but not a third of them.
    return mask is not None and mask.sum() >= max(MIN_EPIPOLAR, 0.3 * len(matches))


def add_town(into: Collection, folder: Path) -> None:
    town = read_town(folder)
    if not {"day", "night"} <= town.views.keys():
        return
    day, night = town.views["day"][0::2], town.views["night"][1::2]
    right = near(*places(night), *places(day), TOWN_M)
    into.add("town by night", [view.bgr for view in day], [view.bgr for view in night], right)


def places(views: list[View]) -> tuple[np.ndarray, np.ndarray]:
    return np.array([view.centre for view in views]), np.array([view.turn for view in views])


def collect(shared: Path, town: Path | None) -> Collection:
    into = Collection()
    for name, limit_m in REAL_SETS_M.items():
        if (shared / "data" / name).is_dir():
            add_real_set(into, shared / "data" / name, limit_m)
    photos = [photo for photo in list_photos(shared) if photo["split"] == "validation"]
    add_survey(into, shared, photos)
    for folder in sorted(town.iterdir()) if town else []:
        if (folder / "day").is_dir():
            add_town(into, folder)
    into.database += [cover(cv2.imread(str(shared / "photos" / p["file"]))) for p in photos if p["source"] != SURVEY]
    return into


def vlad_of(features: list[Features], fit_on: int) -> np.ndarray:
    """[N,G] unit; centres from the first fit_on pictures."""
    rng = np.random.default_rng(1)
    rows = np.concatenate([f.descriptors for f in features[:fit_on]]).astype(np.float32)
    rows = rows[rng.permutation(len(rows))[:SAMPLE]]
    cv2.setRNGSeed(1)
    _, _, centres = cv2.kmeans(rows, CENTRES, None, (cv2.TERM_CRITERIA_COUNT, 15, 0), 1, cv2.KMEANS_PP_CENTERS)
    return np.stack([vlad(f.descriptors.astype(np.float32), centres) for f in features])


def vlad(rows: np.ndarray, centres: np.ndarray) -> np.ndarray:
    out = np.zeros_like(centres)
    if len(rows):
        nearest = (rows @ centres.T - (centres**2).sum(1) / 2).argmax(1)
        np.add.at(out, nearest, rows - centres[nearest])
    out /= np.linalg.norm(out, axis=1, keepdims=True) + 1e-9
    return out.ravel() / (np.linalg.norm(out) + 1e-9)


def recalls(places: np.ndarray, into: Collection) -> dict[str, dict[str, float]]:
    """group -> {"1": R@1, ..., "queries": count}, and "all"."""
    known, asked = places[: len(into.database)], places[len(into.database) :]
    best = np.argsort(-(asked @ known.T), axis=1, kind="stable")[:, : max(RANKS)]
    hits = defaultdict(list)
    for (group, _, right), order in zip(into.queries, best):
        row = [bool(right & set(order[:k])) for k in RANKS]
        hits[group].append(row)
        hits["all"].append(row)
    return {group: {**{str(k): float(r) for k, r in zip(RANKS, np.mean(rows, axis=0))}, "queries": len(rows)}
            for group, rows in hits.items()}


def evaluate(methods: dict, shared: Path, town: Path | None):
    """Yields (method, recalls by group). Packed binary descriptors have no VLAD here."""
    into = collect(shared, town)
    pictures = into.database + [picture for _, picture, _ in into.queries]
    for name, extract in methods.items():
        features = [extract(picture) for picture in pictures]
        if features[0].place is not None:
            yield f"{name}, global", recalls(np.stack([f.place for f in features]), into)
        if features[0].descriptors.dtype != np.uint8:
            yield f"{name}, VLAD", recalls(vlad_of(features, len(into.database)), into)
