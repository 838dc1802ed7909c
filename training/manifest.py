"""The manifest beside a network's file: what it takes, what it gives, where it comes from."""
import hashlib
from pathlib import Path

OUTPUTS = {
    "sparse-v1": {"keypoints": "keypoints", "scores": "scores", "descriptors": "descriptors", "global": "global"},
    "dense-v1": {"scores": "scores", "descriptors": "descriptors", "global": "global"},
}
INPUTS = {"sparse-v1": {"image": "image", "maxKeypoints": "max_keypoints"}, "dense-v1": {"image": "image"}}

SCORE_THRESHOLD = 0.01


def provenance(photos: list[dict], rendered: bool) -> dict:
    sources: dict[tuple[str, str, str], int] = {}
    for photo in photos:
        key = (photo["source"], photo["source_repo"], photo["licence"])
        sources[key] = sources.get(key, 0) + 1
    data = [{"name": n, "source": r, "licence": licence, "files": count}
            for (n, r, licence), count in sorted(sources.items())]
    if rendered:
        data.append({"name": "town", "source": "fixtures/town", "licence": "Apache-2.0", "files": None})
    return {
        "teachers": [{"name": "ALIKED-t16", "used": "keypoints and descriptors as training targets",
                      "licence": "BSD-3-Clause", "source": "github.com/Shiaoming/ALIKED"}],
        "data": data,
    }


def manifest(path: Path, *, name: str, version: str, kind: str, photos: list[dict], global_dim: int, rendered: bool) -> dict:
    data = path.read_bytes()
    return {
        "manifestVersion": 1,
        "name": name,
        "version": version,
        "file": path.name,
        "sha256": hashlib.sha256(data).hexdigest(),
        "bytes": len(data),
        "licence": "Apache-2.0",
        "provenance": provenance(photos, rendered),
        "kind": kind,
        "input": {
            "channels": 1,
            "colourOrder": "gray",
            "range": [0, 1],
            "mean": None,
            "std": None,
            "padTo": 32,
            "padMode": "edge",
            "fixedSize": None,
            "preferredSize": {"width": 640, "height": 480},
        },
        "inputs": INPUTS[kind],
        "outputs": OUTPUTS[kind],
        "coordinates": "center-half",
        "offset": {"x": 0, "y": 0},
        "stride": 8,
        "descriptor": {"dim": 64, "normalised": True, "metric": "dot"},
        "scores": {"type": "prob", "threshold": SCORE_THRESHOLD},
        "nmsRadiusPx": 2,
        "borderPx": 4,
        "sampling": {"mode": "bilinear", "alignCorners": False},
        "global": {"dim": global_dim, "normalised": True, "pca": True},
    }
