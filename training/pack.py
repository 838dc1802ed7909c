"""Put a training cache into one small file and take it out again, for a borrowed card that accepts little input.

    python pack.py --cache CACHE --out package.npz [--mib 60]     # here
    python pack.py --unpack package.npz --cache CACHE             # there; then train.py --cache CACHE as ever

Kept within the limit: for each rendered path a share of its frames (first light's depth, other lights as a mask of where
they agree with it), and as many photos as fit, a fair sample since their order is seeded: JPEG, the best keypoints to
1/64 px, their descriptors in 4 bits a number. Held-out photos always come along, they are few. Real pairs are kept where
both photos are and renumbered.
"""
import argparse
import json
from pathlib import Path

import cv2
import numpy as np

from cache import DIM, HEIGHT, POINTS, WIDTH, open_cache
from rendered import DEPTH_TOLERANCE

KEPT_POINTS, HELD_OUT, QUALITY, PLACE_STEPS = 400, 60, 75, 64
DEPTH_STEPS_PER_M = 256  # 16 bits reach 256 m
RENDERED_SHARE = 0.3
Arrays = dict[str, np.ndarray]


def joined(parts: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    return np.concatenate(parts), np.cumsum([0, *map(len, parts)])


def jpeg(gray: np.ndarray) -> np.ndarray:
    return cv2.imencode(".jpg", gray, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1].ravel()


def png(pixels: np.ndarray) -> np.ndarray:
    return cv2.imencode(".png", pixels, [cv2.IMWRITE_PNG_COMPRESSION, 9])[1].ravel()


def to_nibbles(desc: np.ndarray) -> np.ndarray:
    """int8 [N,64] -> uint8 [N,32]: sixteen levels over the range that unit descriptors use."""
    levels = np.clip(np.round(desc.astype(np.float32) / 6) + 8, 0, 15).astype(np.uint8)
    return levels[:, 0::2] << 4 | levels[:, 1::2]


def from_nibbles(packed: np.ndarray) -> np.ndarray:
    """Unit length again, times 127."""
    levels = np.stack([packed >> 4, packed & 15], 2).reshape(len(packed), DIM).astype(np.float32) - 8
    length = np.linalg.norm(levels, axis=1, keepdims=True)
    return np.round(levels / np.maximum(length, 1e-6) * 127).astype(np.int8)


def pack_scene(folder: Path, limit: float) -> Arrays:
    gray, depth, kp, desc, poses = (np.load(folder / f"{n}.npy", mmap_mode="r") for n in ("gray", "depth", "kp", "desc", "poses"))
    pictures, depths, agree, frames, used = [], [], [], [], 0
    for frame in np.random.default_rng(1).permutation(gray.shape[1]):
        first = np.clip(depth[0, frame], 0, 65535 / DEPTH_STEPS_PER_M)
        same = [np.abs(d - first) < DEPTH_TOLERANCE * first for d in depth[:, frame]]
        new = [*map(jpeg, gray[:, frame]), png((first * DEPTH_STEPS_PER_M).astype(np.uint16)), *map(np.packbits, same)]
        used += sum(map(len, new)) + kp.shape[1] * (4 + DIM // 2)
        if used > limit:
            break
        lights = len(gray)
        frames.append(frame)
        pictures += new[:lights]
        depths.append(new[lights])
        agree.append(np.stack(new[lights + 1 :]))
    order = np.argsort(frames)
    pictures = [pictures[k * lights + light] for light in range(lights) for k in order]
    rows = np.array(frames)[order]
    data, ends = joined(pictures)
    ddata, dends = joined([depths[k] for k in order])
    scene = json.loads((folder / "scene.json").read_text())
    scene["frames"] = [scene["frames"][k] for k in rows]
    return {"jpeg": data, "ends": ends, "depth": ddata, "depth_ends": dends, "agree": np.stack([agree[k] for k in order]),
            "kp": np.round(np.array(kp[rows]) * PLACE_STEPS).astype(np.uint16), "poses": poses[rows], "shape": np.array(gray.shape),
            "desc": np.stack([to_nibbles(desc[k]) for k in rows]), "scene": np.frombuffer(json.dumps(scene).encode(), np.uint8)}


def unpack_scene(packed: Arrays, folder: Path) -> None:
    lights, _, h, w = packed["shape"]
    count = len(packed["poses"])
    pictures = [cv2.imdecode(part, cv2.IMREAD_GRAYSCALE) for part in np.split(packed["jpeg"], packed["ends"][1:-1])]
    first = np.stack([cv2.imdecode(part, cv2.IMREAD_UNCHANGED) for part in np.split(packed["depth"], packed["depth_ends"][1:-1])])
    same = np.unpackbits(packed["agree"], axis=2, count=h * w).reshape(count, lights, h, w).transpose(1, 0, 2, 3)
    folder.mkdir(parents=True, exist_ok=True)
    np.save(folder / "gray.npy", np.stack(pictures).reshape(lights, count, h, w))
    np.save(folder / "depth.npy", (first / np.float32(DEPTH_STEPS_PER_M))[None].astype(np.float32) * same)
    np.save(folder / "kp.npy", packed["kp"].astype(np.float32) / PLACE_STEPS)
    np.save(folder / "desc.npy", np.stack([from_nibbles(d) for d in packed["desc"]]))
    np.save(folder / "poses.npy", packed["poses"])
    (folder / "scene.json").write_bytes(packed["scene"].tobytes())


def choose_photos(index: list[dict], arrays: Arrays, limit: float) -> tuple[list[int], list[np.ndarray]]:
    """Rows and JPEGs: held-out ones first, then training ones until the limit."""
    rows = {split: [r for r, p in enumerate(index) if p["split"] == split and arrays["done"][r]] for split in ("validation", "training")}
    chosen, pictures, used = [], [], 0
    for row in rows["validation"][:HELD_OUT] + rows["training"]:
        data = jpeg(arrays["gray"][row])
        used += len(data) + KEPT_POINTS * (4 + 4 + DIM // 2) + 600
        if used > limit:
            break
        chosen.append(row)
        pictures.append(data)
    return chosen, pictures


def pack_pairs(cache: Path, rows: list[int], best: dict[int, np.ndarray]) -> Arrays:
    """Real pairs of kept photos; matches of kept keypoints, with rows and keypoints renumbered."""
    pairs = dict(np.load(cache / "pairs.npz"))
    place = {row: new for new, row in enumerate(rows)}
    kept, points, indices, offsets = [], [], [], [0]
    for (i, j), start, end in zip(pairs["rows"], pairs["offsets"][:-1], pairs["offsets"][1:]):
        if i not in place or j not in place:
            continue
        rank = [np.full(POINTS, -1) for _ in range(2)]
        for ranks, row in zip(rank, (i, j)):
            ranks[best[row]] = np.arange(KEPT_POINTS)
        new = np.stack([ranks[k] for ranks, k in zip(rank, pairs["indices"][start:end].T)], 1)
        there = (new >= 0).all(1)
        kept.append((place[i], place[j]))
        points.append(pairs["points"][start:end][there].astype(np.float32))
        indices.append(new[there].astype(np.int16))
        offsets.append(offsets[-1] + int(there.sum()))
    return {"rows": np.array(kept), "points": np.concatenate(points), "indices": np.concatenate(indices), "offsets": np.array(offsets)}


def pack(cache: Path, out: Path, mib: float) -> None:
    index = json.loads((cache / "index.json").read_text())
    arrays = open_cache(cache, "r", len(index))
    scenes = sorted(path.parent for path in (cache / "rendered").glob("*/scene.json"))
    limit = mib * 2**20
    package: Arrays = {}
    for folder in scenes:
        share = limit * RENDERED_SHARE / len(scenes)
        package |= {f"scene/{folder.name}/{key}": value for key, value in pack_scene(folder, share).items()}
    pairs_bytes = (cache / "pairs.npz").stat().st_size
    rows, pictures = choose_photos(index, arrays, limit - pairs_bytes - sum(a.nbytes for a in package.values()))
    best = {row: np.argsort(-arrays["score"][row], kind="stable")[:KEPT_POINTS] for row in rows}
    data, ends = joined(pictures)
    package |= {"jpeg": data, "ends": ends,
                "kp": np.stack([np.round(arrays["kp"][r][best[r]] * PLACE_STEPS) for r in rows]).astype(np.uint16),
                "score": np.stack([arrays["score"][r][best[r]] for r in rows]),
                "desc": np.stack([to_nibbles(arrays["desc"][r][best[r]]) for r in rows]),
                "index": np.frombuffer(json.dumps([index[r] for r in rows]).encode(), np.uint8)}
    package |= {f"pairs/{key}": value for key, value in pack_pairs(cache, rows, best).items()}
    np.savez(out, **package)
    frames = sum(len(value) for key, value in package.items() if key.endswith("/poses"))
    print(f"{out}: {out.stat().st_size / 2**20:.1f} MiB, {len(rows)} photos, {len(package['pairs/rows'])} real pairs, {frames} rendered poses")
    assert out.stat().st_size <= limit, "over the limit"


def unpack(package: Path, cache: Path) -> None:
    data = dict(np.load(package))
    index = json.loads(data["index"].tobytes())
    cache.mkdir(parents=True, exist_ok=True)
    (cache / "index.json").write_text(json.dumps(index))
    arrays = open_cache(cache, "r+", len(index))
    for row, part in enumerate(np.split(data["jpeg"], data["ends"][1:-1])):
        arrays["gray"][row] = cv2.imdecode(part, cv2.IMREAD_GRAYSCALE).reshape(HEIGHT, WIDTH)
    # Places that were not kept score below all others and are nowhere: no comparison with them holds.
    arrays["kp"][:], arrays["score"][:], arrays["desc"][:] = np.nan, -1, 0
    arrays["kp"][:, :KEPT_POINTS] = data["kp"].astype(np.float32) / PLACE_STEPS
    arrays["score"][:, :KEPT_POINTS] = data["score"]
    arrays["desc"][:, :KEPT_POINTS] = np.stack([from_nibbles(rows) for rows in data["desc"]])
    arrays["done"][:] = 1
    np.savez(cache / "pairs.npz", **{key.split("/")[1]: value for key, value in data.items() if key.startswith("pairs/")})
    for name in {key.split("/")[1] for key in data if key.startswith("scene/")}:
        unpack_scene({key.split("/")[2]: value for key, value in data.items() if key.startswith(f"scene/{name}/")},
                     cache / "rendered" / name)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--mib", type=float, default=60)
    parser.add_argument("--unpack", type=Path)
    args = parser.parse_args()
    cv2.setNumThreads(1)
    if args.unpack:
        unpack(args.unpack, args.cache)
    else:
        pack(args.cache, args.out or args.cache / "package.npz", args.mib)


if __name__ == "__main__":
    main()
