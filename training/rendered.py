"""Rendered frames as training pictures: one camera path by day, dusk and night, with depth.

Folder layout (written by fixtures/town/render): `<seed>/<light>/NNNN.png` 320x240, `NNNN.npy` depth along the optical
axis [m] at pixel centres (0 = sky), `poses.tum` (world from camera, one line per frame in order), `intrinsics.json`
(PINHOLE, pixel centres at +0.5). All lights of a seed share the camera path, not the cars and people: points whose
depths disagree are dropped. The teacher sees the first light only; its keypoints then hold for every light.

    python rendered.py --frames DIR --cache CACHE      # once: decode and ask the teacher
"""
import argparse
import json
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

LIGHTS = ("day", "dusk", "night")
SCALE = 2  # 320x240 frames stand in the 640x480 pictures of the loader
DEPTH_TOLERANCE = 0.01
MAX_GAP = 6  # frames between the two views of a pair


@dataclass
class Source:
    """A picture (640x480) with the teacher's keypoints, best first."""

    gray: np.ndarray
    kp: np.ndarray
    desc: np.ndarray


def rotation(q: np.ndarray) -> np.ndarray:
    x, y, z, w = q
    return np.array([[1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
                     [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
                     [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)]])


def common_frames(seed: Path) -> tuple[list[str], list[str]]:
    """Lights that are (nearly) complete, and the frames all of them have."""
    counts = {light: len(list((seed / light).glob("*.npy"))) for light in LIGHTS}
    lights = [light for light in LIGHTS if counts[light] > 0.8 * max(counts.values())]
    names = [{p.stem for p in (seed / light).glob("*.npy")} & {p.stem for p in (seed / light).glob("*.png")} for light in lights]
    return lights, sorted(set.intersection(*names)) if names else []


def read_poses(seed: Path, light: str, frames: list[str]) -> np.ndarray:
    """[F,7] tx ty tz qx qy qz qw of the named frames."""
    lines = [line.split() for line in (seed / light / "poses.tum").read_text().splitlines() if line and line[0] != "#"]
    stems = sorted(p.stem for p in (seed / light).glob("*.png"))
    by_stem = {stem: np.array(line[1:], float) for stem, line in zip(stems, lines)}
    return np.stack([by_stem[frame] for frame in frames])


def prepare(seed: Path, out: Path, session, detect) -> None:
    lights, frames = common_frames(seed)
    if not frames:
        return
    gray, depth, kp, desc = [], [], [], []
    for light in lights:
        pictures = [cv2.imread(str(seed / light / f"{frame}.png")) for frame in frames]
        gray.append([cv2.cvtColor(p, cv2.COLOR_BGR2GRAY) for p in pictures])
        depth.append([np.load(seed / light / f"{frame}.npy") for frame in frames])
        if light == lights[0]:
            for picture in pictures:
                big = cv2.resize(picture, None, fx=SCALE, fy=SCALE, interpolation=cv2.INTER_CUBIC)
                points, score, rows = detect(session, big)
                order = np.argsort(-score)
                kp.append(points[order])
                desc.append(np.round(rows[order] * 127).astype(np.int8))
    folder = out / seed.name
    folder.mkdir(parents=True, exist_ok=True)
    np.save(folder / "gray.npy", np.array(gray, np.uint8))
    np.save(folder / "depth.npy", np.array(depth, np.float32))
    np.save(folder / "kp.npy", np.array(kp, np.float32))
    np.save(folder / "desc.npy", np.array(desc))
    np.save(folder / "poses.npy", read_poses(seed, lights[0], frames))
    camera = json.loads((seed / lights[0] / "intrinsics.json").read_text())
    (folder / "scene.json").write_text(json.dumps({"lights": lights, "frames": frames, "params": camera["params"]}))
    print(f"seed {seed.name}: {len(frames)} frames, {', '.join(lights)}")


class Scene:
    def __init__(self, folder: Path):
        self.gray, self.depth, self.kp, self.desc, self.poses = (
            np.load(folder / f"{name}.npy", mmap_mode="r") for name in ("gray", "depth", "kp", "desc", "poses"))
        self.camera = np.array(json.loads((folder / "scene.json").read_text())["params"])
        self.rotations = [rotation(pose[3:]) for pose in self.poses]

    def depth_at(self, light: int, frame: int, points: np.ndarray) -> np.ndarray:
        """Depth [m] of the pixel under each point (px of the doubled picture); 0 outside and for sky."""
        h, w = self.depth.shape[2:]
        x, y = np.floor(points / SCALE).astype(int).T
        good = (x >= 0) & (y >= 0) & (x < w) & (y < h)
        found = np.zeros(len(points), np.float32)
        found[good] = self.depth[light, frame][y[good], x[good]]
        return found

    def lift(self, frame: int, points: np.ndarray, depth: np.ndarray) -> np.ndarray:
        fx, fy, cx, cy = self.camera
        p = points / SCALE
        rays = np.stack([(p[:, 0] - cx) / fx, (p[:, 1] - cy) / fy, np.ones(len(p))], 1)
        return (rays * depth[:, None]) @ self.rotations[frame].T + self.poses[frame][:3]

    def project(self, frame: int, world: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        fx, fy, cx, cy = self.camera
        cam = (world - self.poses[frame][:3]) @ self.rotations[frame]
        z = np.maximum(cam[:, 2], 1e-6)
        return np.stack([fx * cam[:, 0] / z + cx, fy * cam[:, 1] / z + cy], 1) * SCALE, cam[:, 2]

    def source(self, light: int, frame: int) -> Source:
        """The picture with those of the teacher's keypoints that are there under this light too."""
        kp = self.kp[frame]
        there = self.same(light, frame, kp)
        gray = cv2.resize(self.gray[light, frame], None, fx=SCALE, fy=SCALE, interpolation=cv2.INTER_CUBIC)
        return Source(gray, kp[there], self.desc[frame][there])

    def same(self, light: int, frame: int, points: np.ndarray) -> np.ndarray:
        first, now = self.depth_at(0, frame, points), self.depth_at(light, frame, points)
        return (first > 0) & (np.abs(first - now) < DEPTH_TOLERANCE * first)


class RenderedFrames:
    """Draws pairs from prepared scenes."""

    def __init__(self, folder: Path):
        self.scenes = [Scene(path.parent) for path in sorted(folder.glob("*/scene.json"))]
        assert self.scenes, f"no prepared scenes in {folder}"

    def draw(self, rng: np.random.Generator):
        """Two sources, corresponding points [n,4] and their teacher descriptors [n,64]."""
        scene = self.scenes[rng.integers(len(self.scenes))]
        lights, frames = scene.gray.shape[:2]
        light_a, light_b = rng.integers(lights, size=2)
        if light_a == light_b:
            light_b = (light_b + 1) % lights
        i = int(rng.integers(frames))
        j = i if rng.random() < 0.4 else int(np.clip(i + rng.integers(-MAX_GAP, MAX_GAP + 1), 0, frames - 1))
        a, b = scene.source(light_a, i), scene.source(light_b, j)
        depth = scene.depth_at(light_a, i, a.kp)
        there, z = scene.project(j, scene.lift(i, a.kp, depth))
        seen = scene.depth_at(light_b, j, there)
        good = (z > 0.3) & (np.abs(seen - z) < 2 * DEPTH_TOLERANCE * z) & scene.same(light_b, j, there)
        rows = a.desc[good].astype(np.float32) / 127
        return a, b, np.concatenate([a.kp[good], there[good]], 1), rows


def main() -> None:
    from cache import detect, shared_root, teacher_session

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frames", type=Path, required=True)
    parser.add_argument("--cache", type=Path, required=True, help="prepared scenes go to CACHE/rendered")
    parser.add_argument("--seeds", nargs="*", help="only these")
    args = parser.parse_args()
    cv2.setNumThreads(1)
    session = teacher_session(shared_root())
    for seed in sorted(path for path in args.frames.iterdir() if path.is_dir()):
        if not args.seeds or seed.name in args.seeds:
            prepare(seed, args.cache / "rendered", session, detect)


if __name__ == "__main__":
    main()
