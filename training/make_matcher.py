"""Build the matching and retrieval graphs: similarity and TopK inside onnxruntime, no loop in JavaScript.

matcher.onnx       query [n,D], ref [m,D], both float32 with unit rows, m >= 2
                   -> top2_scores [n,2] float32, top2_indices [n,2] int64, col_best [m] int64
matcher_int8.onnx  the same with ref int8 [m,D] (unit rows times 127); the cast and 1/127 happen in the graph
retrieve.onnx      query [1,G], ref [m,G], k [1] int64 -> scores [1,k], indices [1,k]
"""
import argparse
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

FLOAT, INT8, INT64 = TensorProto.FLOAT, TensorProto.INT8, TensorProto.INT64


def value(name: str, kind: int, shape: list) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, kind, shape)


def constant(name: str, array: np.ndarray) -> onnx.TensorProto:
    return numpy_helper.from_array(array, name)


def finish(path: Path, nodes, inputs, outputs, constants) -> None:
    graph = helper.make_graph(nodes, path.stem, inputs, outputs, constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], producer_name="posestream")
    model.ir_version = 8
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, path)


def matcher(path: Path, ref_kind: int) -> None:
    nodes, constants = [], [constant("two", np.array([2], np.int64))]
    ref = "ref"
    if ref_kind == INT8:
        # Scaling the few query rows instead of the many ref rows gives the same products.
        constants.append(constant("step", np.array(1 / 127, np.float32)))
        nodes.append(helper.make_node("Cast", ["ref"], ["ref_float"], to=FLOAT))
        nodes.append(helper.make_node("Mul", ["query", "step"], ["query_scaled"]))
        ref = "ref_float"
    query = "query_scaled" if ref_kind == INT8 else "query"
    nodes += [
        helper.make_node("Gemm", [query, ref], ["similarity"], transB=1),
        helper.make_node("TopK", ["similarity", "two"], ["top2_scores", "top2_indices"], axis=1),
        helper.make_node("ArgMax", ["similarity"], ["col_best"], axis=0, keepdims=0),
    ]
    inputs = [value("query", FLOAT, ["n", "d"]), value("ref", ref_kind, ["m", "d"])]
    outputs = [value("top2_scores", FLOAT, ["n", 2]), value("top2_indices", INT64, ["n", 2]), value("col_best", INT64, ["m"])]
    finish(path, nodes, inputs, outputs, constants)


def retrieve(path: Path) -> None:
    nodes = [
        helper.make_node("Gemm", ["query", "ref"], ["similarity"], transB=1),
        helper.make_node("TopK", ["similarity", "k"], ["scores", "indices"], axis=1),
    ]
    inputs = [value("query", FLOAT, [1, "g"]), value("ref", FLOAT, ["m", "g"]), value("k", INT64, [1])]
    finish(path, nodes, inputs, [value("scores", FLOAT, [1, "k"]), value("indices", INT64, [1, "k"])], [])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path(__file__).resolve().parents[1] / "models")
    args = parser.parse_args()
    matcher(args.out / "matcher.onnx", FLOAT)
    matcher(args.out / "matcher_int8.onnx", INT8)
    retrieve(args.out / "retrieve.onnx")


if __name__ == "__main__":
    main()
