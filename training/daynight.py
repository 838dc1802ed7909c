"""Rendered frames of towns not trained on, by day against night and dusk, with true correspondences.

Folder: `<seed>/<light>/` as `rendered.py` describes, 640x480 with depth, other cars in each light. Pairs: the same
camera position, and one and two frames on. A point counts where the lifted depth agrees with what the other frame sees
there; moving cars, occlusions and the sky therefore never count as right.
"""
import json
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from extractors import Features, mutual_matches
from homography import RIGHT_PX, repeatability
from rendered import common_frames, read_poses, rotation

LIGHT_PAIRS = (("day", "night"), ("day", "dusk"))
STEPS = (0, 1, 2)
DEPTH_TOLERANCE = 0.02
FINE_M, FINE_DEG = 0.25, 2.0
COLUMNS = {"repeatability": "repeat.", "accuracy": "accuracy", "correct": "correct", "correct_same": "same",
           "correct_moved": "moved", "posed": "posed"}


@dataclass
class View:
    bgr: np.ndarray
    depth: np.ndarray  # [H,W] m along the optical axis, 0 where sky
    centre: np.ndarray  # [3] m, world
    turn: np.ndarray  # [3,3] world from camera


@dataclass
class Town:
    camera: np.ndarray  # fx fy cx cy, px
    views: dict[str, list[View]]  # light -> frames along the path


def read_town(folder: Path) -> Town:
    lights, frames = common_frames(folder)
    views = {}
    for light in lights:
        poses = read_poses(folder, light, frames)
        views[light] = [View(cv2.imread(str(folder / light / f"{frame}.png")), np.load(folder / light / f"{frame}.npy"),
                             pose[:3], rotation(pose[3:])) for frame, pose in zip(frames, poses)]
    camera = json.loads((folder / lights[0] / "intrinsics.json").read_text())["params"]
    return Town(np.array(camera, float), views)


def depth_at(view: View, points: np.ndarray) -> np.ndarray:
    h, w = view.depth.shape
    x, y = np.floor(points).astype(int).T
    good = (x >= 0) & (y >= 0) & (x < w) & (y < h)
    depth = np.zeros(len(points))
    depth[good] = view.depth[y[good], x[good]]
    return depth


def lift(camera: np.ndarray, view: View, points: np.ndarray) -> np.ndarray:
    rays = np.stack([(points[:, 0] - camera[2]) / camera[0], (points[:, 1] - camera[3]) / camera[1],
                     np.ones(len(points))], 1)
    return (rays * depth_at(view, points)[:, None]) @ view.turn.T + view.centre


def transfer(camera: np.ndarray, a: View, b: View, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where points of a lie in b [N,2], and whether b sees the same surface there [N]."""
    local = (lift(camera, a, points) - b.centre) @ b.turn
    z = np.maximum(local[:, 2], 1e-6)
    there = np.stack([camera[0] * local[:, 0] / z + camera[2], camera[1] * local[:, 1] / z + camera[3]], 1)
    seen = depth_at(b, there)
    return there, (depth_at(a, points) > 0) & (z > 0.3) & (np.abs(seen - z) < DEPTH_TOLERANCE * z)


def score(camera: np.ndarray, a: View, b: View, fa: Features, fb: Features) -> dict[str, float]:
    """a is the mapped picture: its depth gives the world points of the pose."""
    if min(len(fa.points), len(fb.points)) == 0:
        return {"repeatability": 0.0, "accuracy": 0.0, "correct": 0, "posed": False}
    there, seen = transfer(camera, a, b, fa.points)
    _, seen_back = transfer(camera, b, a, fb.points)
    matches = mutual_matches(fa, fb)
    error = np.linalg.norm(there[matches[:, 0]] - fb.points[matches[:, 1]], axis=1)
    right = int(((error < RIGHT_PX) & seen[matches[:, 0]]).sum())
    return {"repeatability": repeatability(there[seen], fb.points[seen_back]),
            "accuracy": right / max(1, len(matches)), "correct": right,
            "posed": within_fine(camera, a, b, fa.points[matches[:, 0]], fb.points[matches[:, 1]])}


def within_fine(camera: np.ndarray, a: View, b: View, pa: np.ndarray, pb: np.ndarray) -> bool:
    """PnP on the matches, points from a's depth in b's true camera frame: the right pose is the identity."""
    solid = depth_at(a, pa) > 0
    if solid.sum() < 6:
        return False
    matrix = np.array([[camera[0], 0, camera[2]], [0, camera[1], camera[3]], [0, 0, 1]])
    local = (lift(camera, a, pa[solid]) - b.centre) @ b.turn
    cv2.setRNGSeed(1)
    found, turn, shift, _ = cv2.solvePnPRansac(local, pb[solid], matrix, None, iterationsCount=2000,
                                               reprojectionError=4.0, confidence=0.9999, flags=cv2.SOLVEPNP_AP3P)
    if not found:
        return False
    return bool(np.linalg.norm(shift) < FINE_M and np.rad2deg(np.linalg.norm(turn)) < FINE_DEG)


def evaluate(methods: dict, folder: Path):
    """Yields (method, {"day-night": mean scores, ...})."""
    towns = [read_town(path) for path in sorted(folder.iterdir()) if (path / "day").is_dir()]
    for name, extract in methods.items():
        seen = [{light: [extract(view.bgr) for view in views] for light, views in town.views.items()} for town in towns]
        yield name, {f"{x}-{y}": mean_scores(towns, seen, x, y) for x, y in LIGHT_PAIRS
                     if any({x, y} <= town.views.keys() for town in towns)}


def mean_scores(towns: list[Town], seen: list[dict], x: str, y: str) -> dict[str, float]:
    rows = []
    for town, features in zip(towns, seen):
        if not {x, y} <= town.views.keys():
            continue
        for i in range(len(town.views[x])):
            for step in STEPS:
                if i + step < len(town.views[y]):
                    row = score(town.camera, town.views[x][i], town.views[y][i + step],
                                features[x][i], features[y][i + step])
                    rows.append({**row, "step": step})
    mean = lambda key, chosen: float(np.mean([row[key] for row in chosen])) if chosen else 0.0
    return {**{key: mean(key, rows) for key in ("repeatability", "accuracy", "correct", "posed")},
            "correct_same": mean("correct", [row for row in rows if row["step"] == 0]),
            "correct_moved": mean("correct", [row for row in rows if row["step"] > 0]), "pairs": len(rows)}
