"""Write the trained network as ONNX with its manifest.

    python export.py --checkpoint RUN/last.pt --cache CACHE --head RUN/head.npz --version 0.2.0

Writes hfnet-fp32.onnx (sparse-v1) and hfnet-dense.onnx (dense-v1) with their manifests into models/, or
hfnet-fast-fp32.onnx and hfnet-fast-dense.onnx for the fast variant; quantise.py makes the int8 file from the first.
"""
import argparse
import json
from pathlib import Path

import numpy as np
import onnx
import torch

import heads
from cache import open_cache
from graph import Graph, backbone
from manifest import manifest
from model import VARIANTS, HfNet
from state import load_weights

MODELS = Path(__file__).resolve().parents[1] / "models"


def sparse(net: HfNet, head: dict | None, refine: bool = True) -> onnx.ModelProto:
    """Without a head there is no global descriptor; with one it stands on as many keypoints whatever is asked for."""
    g = Graph("hfnet_sparse")
    image = g.input("image", "float", [1, 1, "height", "width"])
    count = g.input("max_keypoints", "int64", [1])
    logits, reliability, descriptors = backbone(g, net, image)
    most = g.op("Max", count, g.ints(heads.AGGREGATED))
    best, points, rows = chosen(g, heads.score_map(g, logits, reliability), descriptors, image, most, refine)
    for tensor, name, shape in ((points, "keypoints", [2]), (best, "scores", []), (rows, "descriptors", [descriptor_dim(net)])):
        asked = g.op("Slice", tensor, g.ints(0), count, g.ints(0))
        g.output(g.op("Unsqueeze", asked, g.ints(0)), name, [1, "keypoints", *shape])
    if head is not None:
        g.output(heads.global_descriptor(g, rows, best, head), "global", [1, head["projection"].shape[1]])
    return g.model()


def dense(net: HfNet, head: dict) -> onnx.ModelProto:
    """Its global descriptor is the sparse one's: keypoints are chosen in this graph too, for it alone."""
    g = Graph("hfnet_dense")
    image = g.input("image", "float", [1, 1, "height", "width"])
    logits, reliability, descriptors = backbone(g, net, image)
    scores = heads.score_map(g, logits, reliability)
    best, _, rows = chosen(g, scores, descriptors, image, g.ints(heads.AGGREGATED), True)
    g.output(scores, "scores", [1, 1, "height", "width"])
    g.output(descriptors, "descriptors", [1, descriptor_dim(net), "rows", "columns"])
    g.output(heads.global_descriptor(g, rows, best, head), "global", [1, head["projection"].shape[1]])
    return g.model()


def chosen(g: Graph, scores: str, descriptors: str, image: str, count: str, refine: bool) -> tuple[str, str, str]:
    """Scores [N], places [N,2] and descriptors [N,D] of the best keypoints."""
    best, x, y = heads.choose(g, scores, count)
    points = heads.keypoints(g, scores, x, y, refine)
    return best, points, heads.sample(g, descriptors, points, image)


def descriptor_dim(net: HfNet) -> int:
    return net.descriptor.out_channels


def load(checkpoint: Path) -> tuple[HfNet, str]:
    """The averaged network, ready to answer, and its variant."""
    state = load_weights(checkpoint)
    net = HfNet(VARIANTS[state["variant"]])
    net.load_state_dict(state["ema"])
    return net.eval(), state["variant"]


def stem(variant: str) -> str:
    """How the variant's files begin."""
    return "hfnet" if variant == "default" else f"hfnet-{variant}"


def training_pictures(cache: Path, limit: int) -> tuple[list[np.ndarray], list[dict]]:
    index = json.loads((cache / "index.json").read_text())
    arrays = open_cache(cache, "r", len(index))
    used = [photo for row, photo in enumerate(index) if photo["split"] == "training" and arrays["done"][row]]
    rows = [row for row, photo in enumerate(index) if photo["split"] == "training" and arrays["done"][row]]
    return [np.array(arrays["gray"][row]) for row in rows[:limit]], used


def write(model: onnx.ModelProto, path: Path, **fields) -> None:
    onnx.save(model, path)
    path.with_suffix(".json").write_text(json.dumps(manifest(path, **fields), indent=2) + "\n")
    print(f"{path.name}: {path.stat().st_size} bytes")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=MODELS)
    parser.add_argument("--version", default="0.2.0")
    parser.add_argument("--head", type=Path, required=True, help="the global head, see global_head.py and global_learn.py")
    parser.add_argument("--no-refine", action="store_true", help="keypoints at pixel centres, for comparison")
    parser.add_argument("--rendered", action="store_true", help="rendered frames were used (recorded as provenance)")
    args = parser.parse_args()
    torch.set_num_threads(1)
    net, variant = load(args.checkpoint)
    head = dict(np.load(args.head))
    fields = {"name": f"posestream-{stem(variant)}", "version": args.version, "photos": training_pictures(args.cache, 0)[1],
              "global_dim": head["projection"].shape[1], "rendered": args.rendered}
    args.out.mkdir(parents=True, exist_ok=True)
    write(sparse(net, head, not args.no_refine), args.out / f"{stem(variant)}-fp32.onnx", kind="sparse-v1", **fields)
    write(dense(net, head), args.out / f"{stem(variant)}-dense.onnx", kind="dense-v1", **fields)


if __name__ == "__main__":
    main()
