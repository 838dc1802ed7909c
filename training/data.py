"""Training examples: two views, points that correspond, and detector targets, all made on the fly.

A view is a source picture (640x480), a homography into 320x256, and a photometric change. Two views of one photo
correspond through their homographies; two photos of one scene through verified teacher matches; rendered frames
under different light through their depth. Everything below is drawn from one seed per example number,
so that a resumed run sees the examples an uninterrupted one would have seen.
"""
import json
from pathlib import Path

import cv2
import numpy as np
import torch
from torch.utils.data import Dataset

from augment import photometric, view_homography, warp_image, warp_points
from cache import HEIGHT, WIDTH, open_cache
from rendered import RenderedFrames, Source

VIEW = (320, 256)
CELL, POINTS, FREE, TARGETS = 8, 448, 80, 300
TARGET_SIGMA_PX = 0.7
ANY_TURN_SHARE, ANY_TURN_RAD = 0.3, np.radians(60)


class Views(Dataset):
    def __init__(self, cache: Path, length: int, seed: int, rendered: Path | None = None,
                 split: str = "training", real_share: float = 0.3, rendered_share: float = 0.2):
        self.index = json.loads((cache / "index.json").read_text())
        self.arrays = open_cache(cache, "r", len(self.index))
        self.length, self.seed, self.real_share = length, seed, real_share
        rows = [r for r, photo in enumerate(self.index) if photo["split"] == split]
        self.rows = np.array(rows)
        self.weights = self._weights()
        pairs = cache / "pairs.npz"
        self.pairs = dict(np.load(pairs)) if split == "training" and pairs.exists() else None
        self.rendered = RenderedFrames(rendered) if rendered else None
        self.rendered_share = rendered_share if self.rendered else 0.0
        if self.pairs is not None:
            self.pair_weights = self._pair_weights()

    def _weights(self) -> np.ndarray:
        """Square-root balance between sources: most photos are aerial, street and indoor are few."""
        counts: dict[str, int] = {}
        for row in self.rows:
            counts[self.index[row]["source"]] = counts.get(self.index[row]["source"], 0) + 1
        w = np.array([counts[self.index[row]["source"]] ** -0.5 for row in self.rows])
        return w / w.sum()

    def _pair_weights(self) -> np.ndarray:
        sources = [self.index[i]["source"] for i in self.pairs["rows"][:, 0]]
        counts = {s: sources.count(s) for s in set(sources)}
        w = np.array([counts[s] ** -0.5 for s in sources])
        return w / w.sum()

    def __len__(self) -> int:
        return self.length

    def source(self, row: int) -> Source:
        order = np.argsort(-self.arrays["score"][row])
        return Source(self.arrays["gray"][row], self.arrays["kp"][row][order], self.arrays["desc"][row][order])

    def __getitem__(self, number: int) -> dict[str, torch.Tensor]:
        cv2.setNumThreads(1)
        rng = np.random.default_rng((self.seed, number))
        draw = rng.random()
        if draw < self.rendered_share:
            return self.rendered_pair(rng)
        if self.pairs is not None and rng.random() < self.real_share:
            return self.real_pair(rng)
        return self.photo_pair(rng)

    def photo_pair(self, rng: np.random.Generator) -> dict[str, torch.Tensor]:
        row = int(rng.choice(self.rows, p=self.weights))
        while not self.arrays["done"][row]:
            row = int(rng.choice(self.rows, p=self.weights))
        source = self.source(row)
        return self.warped_pair(source, rng)

    def rendered_pair(self, rng: np.random.Generator) -> dict[str, torch.Tensor]:
        a, b, points, desc = self.rendered.draw(rng)
        if len(points) < 40:
            return self.photo_pair(rng)
        return self.matched_pair(a, b, points, desc, rng)

    def warped_pair(self, source: Source, rng: np.random.Generator) -> dict[str, torch.Tensor]:
        """Two views of one picture: its keypoints, and some places where the teacher saw nothing."""
        ha, hb = self.view_pair(rng)
        free = rng.uniform(0, 1, (600, 2)) * (WIDTH, HEIGHT)
        points = np.concatenate([source.kp, free])
        desc = np.concatenate([source.desc.astype(np.float32) / 127, np.zeros((len(free), 64), np.float32)])
        return self.assemble(source, source, ha, hb, points, points, desc, rng)

    def real_pair(self, rng: np.random.Generator) -> dict[str, torch.Tensor]:
        m = int(rng.choice(len(self.pairs["rows"]), p=self.pair_weights))
        i, j = self.pairs["rows"][m]
        part = slice(self.pairs["offsets"][m], self.pairs["offsets"][m + 1])
        ki, kj = self.pairs["indices"][part].T
        desc = self.arrays["desc"][i][ki].astype(np.float32) + self.arrays["desc"][j][kj]
        desc /= np.linalg.norm(desc, axis=1, keepdims=True) + 1e-6
        points = self.pairs["points"][part]
        a, b = self.source(int(i)), self.source(int(j))
        return self.matched_pair(a, b, points, desc, rng)

    def matched_pair(self, a: Source, b: Source, points: np.ndarray, desc: np.ndarray, rng) -> dict[str, torch.Tensor]:
        """Two sources with given correspondences [n,4]; both views look at one of them."""
        centre = points[rng.integers(len(points))]
        scale = rng.uniform(0.5, 1.0)
        angle = rng.normal(0, 0.15)
        ha = view_homography(rng, centre[:2], scale, angle, 0.06, VIEW)
        hb = view_homography(rng, centre[2:], min(1.2, scale * rng.uniform(0.8, 1.25)), angle + turn(rng, 0.3), 0.06, VIEW)
        return self.assemble(a, b, ha, hb, points[:, :2], points[:, 2:], desc, rng)

    def view_pair(self, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        scale_a = np.exp(rng.uniform(np.log(0.5), np.log(1.1)))
        scale_b = float(np.clip(scale_a * np.exp(rng.uniform(np.log(0.6), np.log(1.6))), 0.45, 1.4))
        margin = np.minimum(np.array(VIEW) / 2 / max(scale_a, scale_b), (WIDTH / 2 - 1, HEIGHT / 2 - 1))
        centre = rng.uniform(margin, (WIDTH, HEIGHT) - margin)
        angle = rng.normal(0, 0.12)
        shifted = centre + rng.uniform(-0.15, 0.15, 2) * VIEW / scale_a
        tilt = rng.uniform(0, 0.14)
        return (view_homography(rng, centre, scale_a, angle, tilt / 3, VIEW),
                view_homography(rng, shifted, scale_b, angle + turn(rng, 0.38), tilt, VIEW))

    def assemble(self, a: Source, b: Source, ha, hb, points_a, points_b, desc, rng) -> dict[str, torch.Tensor]:
        pa, pb = warp_points(points_a, ha), warp_points(points_b, hb)
        inside = np.nonzero(within(pa, 4) & within(pb, 4))[0]
        taught = inside[np.abs(desc[inside]).sum(1) > 0]
        free = inside[np.abs(desc[inside]).sum(1) == 0]
        chosen = np.concatenate([rng.permutation(taught)[: POINTS - FREE], rng.permutation(free)[:FREE]])
        out = {
            "points_a": pad(pa[chosen], POINTS), "points_b": pad(pb[chosen], POINTS),
            "valid": pad(np.ones(len(chosen)), POINTS), "teacher": pad(desc[chosen], POINTS),
        }
        for name, source, h in (("a", a, ha), ("b", b, hb)):
            out[f"image_{name}"] = torch.from_numpy(render_view(source.gray, h, rng))[None]
            target, mask = detector_target(warp_points(source.kp, h), h)
            out[f"target_{name}"], out[f"mask_{name}"] = target, mask
        return out


def turn(rng: np.random.Generator, sigma: float) -> float:
    """Roll [rad] between the two views: mostly as hands hold a camera, for a share of the pairs anything up to 60 degrees."""
    if rng.random() < ANY_TURN_SHARE:
        return rng.uniform(-ANY_TURN_RAD, ANY_TURN_RAD)
    return float(np.clip(rng.normal(0, sigma), -0.9, 0.9))


def within(points: np.ndarray, border: float) -> np.ndarray:
    return np.all((points > border) & (points < np.array(VIEW) - border), axis=1)


def pad(values: np.ndarray, rows: int) -> torch.Tensor:
    out = np.zeros((rows, *values.shape[1:]), np.float32)
    out[: len(values)] = values
    return torch.from_numpy(out)


def render_view(gray: np.ndarray, homography: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    scale = np.sqrt(abs(np.linalg.det(homography[:2, :2])))
    smooth = cv2.GaussianBlur(gray, (0, 0), 0.45 / scale) if scale < 0.8 else gray
    return photometric(warp_image(np.ascontiguousarray(smooth), homography, VIEW, cv2.BORDER_REFLECT_101), rng)


def detector_target(keypoints: np.ndarray, homography: np.ndarray) -> tuple[torch.Tensor, torch.Tensor]:
    """Soft 65-way targets [65,h,w] and the mask [h,w] of cells that see the source picture.

    Each keypoint is a small Gaussian over the pixels around its exact position, so that the trained map keeps the
    sub-pixel place; what a cell's pixels leave of 1 is "no keypoint".
    """
    w, h = VIEW
    kept = keypoints[within(keypoints, 2)][:TARGETS]
    heat = np.zeros((h, w), np.float32)
    base = np.floor(kept).astype(int)
    grid = np.arange(-2, 3)
    dx = base[:, :1] + grid - kept[:, :1] + 0.5
    dy = base[:, 1:] + grid - kept[:, 1:] + 0.5
    gauss = np.exp(-(dy[:, :, None] ** 2 + dx[:, None, :] ** 2) / (2 * TARGET_SIGMA_PX**2))
    gauss /= gauss.sum((1, 2), keepdims=True)
    ys = np.clip(base[:, 1:, None] + grid[None, :, None], 0, h - 1) + np.zeros((1, 1, 5), int)
    xs = np.clip(base[:, :1, None] + grid[None, None, :], 0, w - 1) + np.zeros((1, 5, 1), int)
    np.maximum.at(heat, (ys.ravel(), xs.ravel()), gauss.ravel())
    cells = heat.reshape(h // CELL, CELL, w // CELL, CELL).transpose(1, 3, 0, 2).reshape(CELL * CELL, h // CELL, w // CELL)
    total = cells.sum(0, keepdims=True)
    cells = cells / np.maximum(total, 1)
    target = np.concatenate([cells, 1 - np.minimum(total, 1)])
    ones = np.ones((HEIGHT // CELL, WIDTH // CELL), np.uint8)
    to_cells = np.diag([1 / CELL, 1 / CELL, 1]) @ homography @ np.diag([CELL, CELL, 1])
    mask = warp_image(ones, to_cells, (w // CELL, h // CELL), cv2.BORDER_CONSTANT)
    return torch.from_numpy(target.astype(np.float32)), torch.from_numpy(mask)
