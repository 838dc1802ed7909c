"""Every method under comparison as one function: gray or BGR picture -> keypoints, descriptors, kind of distance."""
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import onnxruntime as ort


@dataclass
class Features:
    points: np.ndarray  # [N,2] px, pixel centres at +0.5
    descriptors: np.ndarray  # [N,D]: unit float32, or packed bits (uint8) for Hamming
    place: np.ndarray | None = None  # [G] unit: the network's own global descriptor


def session(path: Path, threads: int = 1) -> ort.InferenceSession:
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    return ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def opencv(detector):
    def extract(bgr: np.ndarray) -> Features:
        points, descriptors = detector.detectAndCompute(cv2.cvtColor(bgr, cv2.COLOR_BGR2GRAY), None)
        if descriptors is None:
            return Features(np.zeros((0, 2)), np.zeros((0, 32), np.uint8))
        if descriptors.dtype != np.uint8:
            descriptors = descriptors / (np.linalg.norm(descriptors, axis=1, keepdims=True) + 1e-9)
        return Features(np.array([p.pt for p in points]) + 0.5, descriptors)

    return extract


def hfnet(path: Path, count: int = 1000, threshold: float = 0.0):
    net = session(path)
    names = ["keypoints", "scores", "descriptors", *(o.name for o in net.get_outputs() if o.name == "global")]

    def extract(bgr: np.ndarray) -> Features:
        gray = cv2.cvtColor(bgr, cv2.COLOR_BGR2GRAY).astype(np.float32) / 255
        h, w = gray.shape
        gray = np.pad(gray, ((0, -h % 32), (0, -w % 32)), mode="edge")
        feeds = {"image": gray[None, None], "max_keypoints": np.array([count], np.int64)}
        points, scores, rows, *place = net.run(names, feeds)
        keep = (scores[0] > threshold) & (points[0, :, 0] < w - 4) & (points[0, :, 1] < h - 4)
        return Features(points[0][keep], rows[0][keep], place[0][0] if place else None)

    return extract


def xfeat(path: Path, count: int = 1000, threshold: float = 0.05):
    """Fixed size 480x640; local maxima of the score map within 5x5, bilinear descriptors."""
    net = session(path)

    def extract(bgr: np.ndarray) -> Features:
        rgb = cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB).astype(np.float32).transpose(2, 0, 1)[None] / 255
        descriptors, cells, reliability = net.run(None, {net.get_inputs()[0].name: rgb})
        heat = cells[0].reshape(8, 8, 60, 80).transpose(2, 0, 3, 1).reshape(480, 640)
        best = (heat == cv2.dilate(heat, np.ones((5, 5)))) & (heat > threshold)
        ys, xs = np.nonzero(best)
        points = np.stack([xs, ys], 1) + 0.5
        scores = heat[ys, xs] * bilinear(reliability[0], points)[:, 0]
        order = np.argsort(-scores)[:count]
        rows = bilinear(descriptors[0], points[order])
        return Features(points[order], rows / (np.linalg.norm(rows, axis=1, keepdims=True) + 1e-9))

    return extract


def aliked(path: Path):
    net = session(path)

    def extract(bgr: np.ndarray) -> Features:
        rgb = cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB).astype(np.float32).transpose(2, 0, 1)[None] / 255
        h, w = bgr.shape[:2]
        points, rows = net.run(["keypoints", "descriptors"], {"image": rgb})
        return Features((points + 1) / 2 * (w - 1, h - 1) + 0.5, rows)

    return extract


def methods(shared: Path, models: Path, only: list[str] | None = None) -> dict:
    """Name -> extractor; ours are all sparse networks of the folder. `only` names how the kept ones begin."""
    teachers = shared / "models"
    makers = {
        "ORB": lambda: opencv(cv2.ORB_create(1000)),
        "SIFT": lambda: opencv(cv2.SIFT_create(1000)),
        "XFeat": lambda: xfeat(teachers / "xfeat_dense_480x640.onnx"),
        "ALIKED-t16": lambda: aliked(teachers / "aliked_t16_top1000_480x640.onnx"),
    }
    for file in sorted(models.glob("hfnet*.onnx")):
        if "dense" not in file.name:
            makers[f"ours ({file.stem})"] = lambda file=file: hfnet(file)
    kept = [name for name in makers if not only or name.startswith(tuple(only))]
    return {name: makers[name]() for name in kept}


def bilinear(maps: np.ndarray, points: np.ndarray, stride: int = 8) -> np.ndarray:
    """maps [C,h,w] sampled at px points [N,2]; cell centres at stride*(j+0.5)."""
    c, h, w = maps.shape
    x = np.clip(points[:, 0] / stride - 0.5, 0, w - 1)
    y = np.clip(points[:, 1] / stride - 0.5, 0, h - 1)
    x0, y0 = np.minimum(x.astype(int), w - 2), np.minimum(y.astype(int), h - 2)
    fx, fy = (x - x0)[:, None], (y - y0)[:, None]
    at = lambda yy, xx: maps[:, yy, xx].T
    return ((at(y0, x0) * (1 - fx) + at(y0, x0 + 1) * fx) * (1 - fy)
            + (at(y0 + 1, x0) * (1 - fx) + at(y0 + 1, x0 + 1) * fx) * fy)


def mutual_matches(a: Features, b: Features) -> np.ndarray:
    """[M,2] indices of mutual nearest neighbours."""
    if min(len(a.points), len(b.points)) == 0:
        return np.zeros((0, 2), int)
    if a.descriptors.dtype == np.uint8:
        bits_a, bits_b = (np.unpackbits(f.descriptors, axis=1).astype(np.float32) * 2 - 1 for f in (a, b))
        similarity = bits_a @ bits_b.T
    else:
        similarity = a.descriptors @ b.descriptors.T
    forward = similarity.argmax(1)
    keep = np.nonzero(similarity.argmax(0)[forward] == np.arange(len(forward)))[0]
    return np.stack([keep, forward[keep]], 1)
