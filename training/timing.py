"""Time the exported networks on one frame against the machine's own multiply ceiling, in the same run.

    python timing.py [--threads 1]
"""
import argparse
import time
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
from onnx import TensorProto, helper

from export import MODELS

SIZE = 1024


def product_session(options: ort.SessionOptions) -> ort.InferenceSession:
    shape = [SIZE, SIZE]
    tensors = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name in "abc"]
    graph = helper.make_graph([helper.make_node("MatMul", ["a", "b"], ["c"])], "product", tensors[:2], tensors[2:])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    return ort.InferenceSession(model.SerializeToString(), options)


def best(run, repeats: int) -> float:
    """Least seconds of one call: on a shared machine the minimum is what the code costs."""
    times = []
    for _ in range(repeats):
        began = time.perf_counter()
        run()
        times.append(time.perf_counter() - began)
    return min(times)


def convolution_macs(path: Path, height: int, width: int) -> float:
    """Multiply-accumulates of all convolutions at this input size; int8 weights stand behind their DequantizeLinear."""
    graph = onnx.load(path).graph
    shapes = {t.name: list(t.dims) for t in graph.initializer}
    shapes |= {node.output[0]: shapes[node.input[0]] for node in graph.node
               if node.op_type == "DequantizeLinear" and node.input[0] in shapes}
    scale = {"stem": 2, "down4": 4, "block4": 4, "down16": 16, "down32": 32}
    total = 0
    for node in graph.node:
        if node.op_type == "Conv":
            stage = node.name.split(".")[0]
            stride = scale.get(stage, int(stage[-2:]) if stage[-2:] in ("16", "32") else 8)
            total += np.prod(shapes[node.input[1]]) * (height // stride) * (width // stride)
    return float(total)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", type=Path, default=MODELS)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=60)
    args = parser.parse_args()
    options = ort.SessionOptions()
    options.intra_op_num_threads = args.threads
    product = product_session(options)
    matrix = np.random.default_rng(1).random((SIZE, SIZE), np.float32)
    image = np.random.default_rng(1).random((1, 1, 480, 640), np.float32)
    ceiling = 0.0
    found = {}
    for _ in range(3):  # interleaved, so that a slow moment of the machine hits all of them
        ceiling = max(ceiling, SIZE**3 / best(lambda: product.run(None, {"a": matrix, "b": matrix}), args.repeats // 3))
        for file in sorted(args.models.glob("hfnet*.onnx")):
            net = ort.InferenceSession(str(file), options)
            feeds = {"image": image} | ({"max_keypoints": np.array([1000], np.int64)} if "dense" not in file.name else {})
            seconds = best(lambda: net.run(None, feeds), args.repeats // 3)
            found[file.name] = min(found.get(file.name, 9.0), seconds)
    print(f"{args.threads} thread(s); MatMul ceiling {2 * ceiling / 1e9:.0f} GFLOP/s; 640x480")
    for name, seconds in found.items():
        macs = convolution_macs(args.models / name, 480, 640)
        print(f"{name:22} {macs / 1e9:.2f} GMAC {seconds * 1e3:7.1f} ms = {seconds * ceiling / macs:.2f} x (FLOPs / ceiling)")


if __name__ == "__main__":
    main()
