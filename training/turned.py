"""A set of query pictures turned about the optical axis, as posestream reads it: pictures, camera, true poses.

    python turned.py --set ../../shared/data/kitti_a --degrees 40 --out DIR
    posestream map build SET --list SET/map.txt --out set.map
    posestream localize DIR --list DIR/query.txt --map set.map --mode frame --out poses.tum
    posestream eval poses.tum --reference DIR/poses_tum.txt --list DIR/query.txt

The canvas grows so that no picture loses a corner; what it adds is black. Radial distortion is about the principal
point and so turns with the picture; unequal focal lengths are made equal first.
"""
import argparse
import json
from pathlib import Path

import cv2
import numpy as np

from rendered import rotation

FOCALS = {"SIMPLE_PINHOLE": 1, "SIMPLE_RADIAL": 1, "RADIAL": 1, "PINHOLE": 2}


def turned_camera(camera: dict, size: tuple[int, int], angle: float) -> tuple[dict, np.ndarray]:
    """The camera after the turn and the map of its pictures, [2,3], px with centres at +0.5 on both sides."""
    count = FOCALS[camera["model"]]
    fx, fy = camera["params"][0], camera["params"][count - 1]
    (cx, cy), rest = camera["params"][count : count + 2], camera["params"][count + 2 :]
    c, s = np.cos(angle), np.sin(angle)
    linear = np.array([[c, -s], [s, c]]) @ np.diag([1, fx / fy])
    corners = (np.array([[0, 0], [size[0], 0], size, [0, size[1]]]) - (cx, cy)) @ linear.T
    low, high = corners.min(0), corners.max(0)
    shift = -low - linear @ (cx, cy)
    width, height = np.ceil(high - low).astype(int)
    model = "PINHOLE" if count == 2 else camera["model"]
    params = [fx] * count + (-low).tolist() + rest
    return {"model": model, "params": params, "width": int(width), "height": int(height)}, np.column_stack([linear, shift])


def turn_picture(picture: np.ndarray, affine: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """OpenCV counts pixel centres at integers."""
    at_integers = affine.copy()
    at_integers[:, 2] += affine[:, :2] @ (0.5, 0.5) - 0.5
    return cv2.warpAffine(picture, at_integers, size, flags=cv2.INTER_LINEAR)


def quaternion(r: np.ndarray) -> np.ndarray:
    """x y z w."""
    w = np.sqrt(max(0, 1 + np.trace(r))) / 2
    if w > 1e-3:
        return np.array([r[2, 1] - r[1, 2], r[0, 2] - r[2, 0], r[1, 0] - r[0, 1], 4 * w * w]) / (4 * w)
    values, vectors = np.linalg.eigh((r + r.T) / 2)
    return np.append(vectors[:, values.argmax()], 0.0)


def turned_pose(line: str, angle: float) -> str:
    """worldFromCamera of the turned camera: its axes are the old ones turned back."""
    values = np.array(line.split(), float)
    c, s = np.cos(angle), np.sin(angle)
    old_from_new = np.array([[c, s, 0], [-s, c, 0], [0, 0, 1]])
    q = quaternion(rotation(values[4:]) @ old_from_new)
    return " ".join([line.split()[0], *(f"{v:.9f}" for v in (*values[1:4], *q))])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--set", type=Path, required=True)
    parser.add_argument("--degrees", type=float, required=True)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    angle = np.radians(args.degrees)
    (args.out / "images").mkdir(parents=True, exist_ok=True)
    camera = json.loads((args.set / "intrinsics.json").read_text())
    for name in (args.set / "query.txt").read_text().split():
        picture = cv2.imread(str(args.set / "images" / name))
        new, affine = turned_camera(camera, picture.shape[1::-1], angle)
        cv2.imwrite(str(args.out / "images" / name), turn_picture(picture, affine, (new["width"], new["height"])))
    (args.out / "intrinsics.json").write_text(json.dumps(new))
    lines = [line for line in (args.set / "poses_tum.txt").read_text().splitlines() if line and line[0] != "#"]
    (args.out / "poses_tum.txt").write_text("".join(turned_pose(line, angle) + "\n" for line in lines))
    for name in ("images.csv", "query.txt"):
        (args.out / name).write_text((args.set / name).read_text())


if __name__ == "__main__":
    main()
