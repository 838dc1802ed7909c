"""A small ONNX graph writer: named constants, one line per operator, normalisation folded into convolutions."""
import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper

KINDS = {"float": TensorProto.FLOAT, "int64": TensorProto.INT64}


class Graph:
    def __init__(self, name: str):
        self.name, self.nodes, self.constants = name, [], {}
        self.inputs, self.outputs = [], []
        self.count = 0

    def input(self, name: str, kind: str, shape: list) -> str:
        self.inputs.append(helper.make_tensor_value_info(name, KINDS[kind], shape))
        return name

    def output(self, tensor: str, name: str, shape: list) -> None:
        self.nodes.append(helper.make_node("Identity", [tensor], [name], name=f"out_{name}"))
        self.outputs.append(helper.make_tensor_value_info(name, KINDS["float"], shape))

    def const(self, array, kind=np.float32, name: str | None = None) -> str:
        array = np.asarray(array, kind)
        name = name or f"c{len(self.constants)}"
        self.constants[name] = numpy_helper.from_array(array, name)
        return name

    def ints(self, *values: int) -> str:
        return self.const(values, np.int64)

    def op(self, kind: str, *inputs: str, outputs: int = 1, name: str | None = None, **attributes):
        self.count += 1
        base = name or f"{kind.lower()}{self.count}"
        names = [base] if outputs == 1 else [f"{base}_{i}" for i in range(outputs)]
        self.nodes.append(helper.make_node(kind, list(inputs), names, name=base, **attributes))
        return names[0] if outputs == 1 else names

    def conv(self, x: str, weight: np.ndarray, bias: np.ndarray, name: str, stride: int = 1) -> str:
        size = weight.shape[2]
        w, b = self.const(weight, name=f"{name}.weight"), self.const(bias, name=f"{name}.bias")
        return self.op("Conv", x, w, b, name=name, kernel_shape=[size, size], strides=[stride, stride], pads=[size // 2] * 4)

    def model(self) -> onnx.ModelProto:
        graph = helper.make_graph(self.nodes, self.name, self.inputs, self.outputs, list(self.constants.values()))
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], producer_name="posestream")
        model.ir_version = 8
        onnx.checker.check_model(model, full_check=True)
        return model


def folded(block: torch.nn.Sequential) -> tuple[np.ndarray, np.ndarray]:
    """A ConvBn's weight and bias with its batch normalisation folded in."""
    conv, norm = block[0], block[1]
    gain = norm.weight / torch.sqrt(norm.running_var + norm.eps)
    weight = conv.weight * gain[:, None, None, None]
    bias = norm.bias - norm.running_mean * gain
    return weight.detach().numpy(), bias.detach().numpy()


def conv_bn(g: Graph, x: str, block: torch.nn.Sequential, name: str) -> str:
    weight, bias = folded(block)
    return g.op("Relu", g.conv(x, weight, bias, name, block[0].stride[0]), name=f"{name}.relu")


def plain(g: Graph, x: str, conv: torch.nn.Conv2d, name: str) -> str:
    return g.conv(x, conv.weight.detach().numpy(), conv.bias.detach().numpy(), name)


def residual(g: Graph, x: str, block, name: str) -> str:
    return g.op("Add", x, conv_bn(g, conv_bn(g, x, block.a, f"{name}.a"), block.b, f"{name}.b"), name=f"{name}.add")


def enlarge(g: Graph, x: str, factor: int, name: str) -> str:
    scales = g.const([1, 1, factor, factor])
    return g.op("Resize", x, "", scales, name=name, mode="linear", coordinate_transformation_mode="half_pixel")


def normalised(g: Graph, image: str) -> str:
    """As model.normalise."""
    centred = g.op("Sub", image, g.op("ReduceMean", image, axes=[2, 3]))
    variance = g.op("ReduceMean", g.op("Mul", centred, centred), axes=[2, 3])
    return g.op("Div", centred, g.op("Sqrt", g.op("Add", variance, g.const(1e-4))), name="normalised")


def backbone(g: Graph, net, image: str) -> tuple[str, str, str]:
    """As HfNet.forward: 65-way logits, reliability logit, unit descriptors; all at 1/8."""
    x = normalised(g, image)
    x4 = conv_bn(g, conv_bn(g, conv_bn(g, x, net.stem, "stem"), net.down4, "down4"), net.block4, "block4")
    x8 = residual(g, conv_bn(g, x4, net.down8, "down8"), net.block8, "block8")
    x16 = residual(g, conv_bn(g, x8, net.down16, "down16"), net.block16, "block16")
    x32 = residual(g, conv_bn(g, x16, net.down32, "down32"), net.block32, "block32")
    up16 = enlarge(g, plain(g, x16, net.lateral16, "lateral16"), 2, "up16")
    up32 = enlarge(g, plain(g, x32, net.lateral32, "lateral32"), 4, "up32")
    total = g.op("Add", g.op("Add", plain(g, x8, net.lateral8, "lateral8"), up16), up32)
    fused = conv_bn(g, total, net.fuse, "fuse")
    pixels = g.op("SpaceToDepth", x, blocksize=8)
    detect = conv_bn(g, g.op("Concat", pixels, fused, axis=1), net.detect_in, "detect_in")
    detect = conv_bn(g, detect, net.detect_mid, "detect_mid")
    logits = plain(g, detect, net.detect_out, "detect_out")
    reliability = plain(g, fused, net.reliability, "reliability")
    return logits, reliability, unit(g, plain(g, fused, net.descriptor, "descriptor"), axis=1)


def unit(g: Graph, x: str, axis: int) -> str:
    length = g.op("ReduceL2", x, axes=[axis], keepdims=1)
    return g.op("Div", x, g.op("Max", length, g.const(1e-12)))
