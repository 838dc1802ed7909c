"""Decode the photos once and store the keypoint teacher's answers as memory-mapped arrays.

Layout of the cache folder (N photos, all resized and centre-cropped to 640x480 gray):
  index.json  the photo list with licence columns, the split, and the row of each
  gray.u8     [N, 480, 640] uint8
  kp.f32      [N, 1000, 2] float32, px, pixel centres at +0.5
  score.f32   [N, 1000] float32, teacher scores, descending is not guaranteed
  desc.i8     [N, 1000, 64] int8, unit descriptors times 127
  done.u8     [N] uint8, 1 once a row is complete (training may start on a part of them)
"""
import argparse
import csv
import json
import os
import random
from pathlib import Path

import cv2
import numpy as np

WIDTH, HEIGHT, POINTS, DIM = 640, 480, 1000, 64

# Sources kept out of training as a whole: they measure us.
VALIDATION = {"odm_garfield", "vrview", "carnd_p1", "wp_tt5", "nextcloud", "skimage"}
# The same places as in the real evaluation sets: neither training nor validation may see them.
EXCLUDED = {"brighton", "gpmf"}


def shared_root() -> Path:
    here = Path(__file__).resolve().parents[1]
    return Path(os.environ.get("POSESTREAM_SHARED", here.parent / "shared"))


def split_of(source: str) -> str:
    if source in EXCLUDED:
        return "excluded"
    return "validation" if source in VALIDATION else "training"


def list_photos(shared: Path) -> list[dict]:
    """All photos in a seeded order, so that a partly filled cache is a fair sample."""
    with open(shared / "photos" / "SOURCES.csv", newline="", encoding="utf-8") as handle:
        rows = list(csv.DictReader(handle))
    for row in rows:
        row["source"] = row["file"].split("/")[0]
        row["split"] = split_of(row["source"])
    rows = [row for row in rows if row["split"] != "excluded"]
    random.Random(1).shuffle(rows)
    return rows


def cover(image: np.ndarray) -> np.ndarray:
    """Scale so that the photo covers 640x480, then crop its centre."""
    h, w = image.shape[:2]
    s = max(WIDTH / w, HEIGHT / h)
    interpolation = cv2.INTER_AREA if s < 1 else cv2.INTER_LINEAR
    size = (max(WIDTH, round(w * s)), max(HEIGHT, round(h * s)))
    image = cv2.resize(image, size, interpolation=interpolation)
    x, y = (size[0] - WIDTH) // 2, (size[1] - HEIGHT) // 2
    return image[y : y + HEIGHT, x : x + WIDTH]


def open_cache(folder: Path, mode: str, n: int) -> dict[str, np.memmap]:
    shapes = {
        "gray.u8": (np.uint8, (n, HEIGHT, WIDTH)),
        "kp.f32": (np.float32, (n, POINTS, 2)),
        "score.f32": (np.float32, (n, POINTS)),
        "desc.i8": (np.int8, (n, POINTS, DIM)),
        "done.u8": (np.uint8, (n,)),
    }
    arrays = {}
    for name, (dtype, shape) in shapes.items():
        path = folder / name
        if mode == "r+" and not path.exists():
            np.memmap(path, dtype, "w+", shape=shape).flush()
        arrays[name.split(".")[0]] = np.memmap(path, dtype, mode, shape=shape)
    return arrays


def teacher_session(shared: Path):
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    model = shared / "models" / "aliked_t16_top1000_480x640.onnx"
    return ort.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])


def detect(session, bgr: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rgb = cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB).astype(np.float32) / 255
    kp, desc, score = session.run(["keypoints", "descriptors", "scores"], {"image": rgb.transpose(2, 0, 1)[None]})
    # The teacher spans -1..1 from the first pixel's centre to the last one's.
    return (kp + 1) / 2 * (WIDTH - 1, HEIGHT - 1) + 0.5, score, desc


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--part", type=int, default=0, help="this worker's number")
    parser.add_argument("--parts", type=int, default=1, help="number of workers")
    args = parser.parse_args()
    shared = shared_root()
    photos = list_photos(shared)
    args.out.mkdir(parents=True, exist_ok=True)
    (args.out / "index.json").write_text(json.dumps(photos))
    arrays = open_cache(args.out, "r+", len(photos))
    session = teacher_session(shared)
    cv2.setNumThreads(1)
    for row in range(args.part, len(photos), args.parts):
        if arrays["done"][row]:
            continue
        bgr = cover(cv2.imread(str(shared / "photos" / photos[row]["file"])))
        kp, score, desc = detect(session, bgr)
        arrays["gray"][row] = cv2.cvtColor(bgr, cv2.COLOR_BGR2GRAY)
        arrays["kp"][row], arrays["score"][row] = kp, score
        arrays["desc"][row] = np.clip(np.round(desc * 127), -127, 127)
        arrays["done"][row] = 1


if __name__ == "__main__":
    main()
