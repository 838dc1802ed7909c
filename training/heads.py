"""Everything after the convolutions, as ONNX operators: score map, keypoint choice, sampling, global descriptor."""
import numpy as np
from onnx import TensorProto

from graph import Graph, unit

CELL, BORDER, NMS_RADIUS = 8, 4, 2
AGGREGATED, LEAST_SCORE = 1000, 0.01  # of the global descriptor: keypoints, and the score where their weight begins


def score_map(g: Graph, logits: str, reliability: str) -> str:
    """[1,1,H,W]: probability of a keypoint at this pixel times the cell's reliability."""
    probability = g.op("Softmax", logits, axis=1)
    pixels = g.op("Slice", probability, g.ints(0), g.ints(CELL * CELL), g.ints(1))
    weighted = g.op("Mul", pixels, g.op("Sigmoid", reliability))
    return g.op("DepthToSpace", weighted, blocksize=CELL, name="score_map")


def peaks(g: Graph, scores: str) -> str:
    """The score map with everything but local maxima set to zero."""
    reach = 2 * NMS_RADIUS + 1
    rows = g.op("MaxPool", scores, kernel_shape=[1, reach], pads=[0, NMS_RADIUS, 0, NMS_RADIUS])
    best = g.op("MaxPool", rows, kernel_shape=[reach, 1], pads=[NMS_RADIUS, 0, NMS_RADIUS, 0])
    return g.op("Where", g.op("Equal", scores, best), scores, g.const(0.0))


def choose(g: Graph, scores: str, max_keypoints: str) -> tuple[str, str, str]:
    """Scores [K] and integer pixel coordinates x, y [K] of the best peaks, none within BORDER of the edge."""
    inner = g.op("Slice", peaks(g, scores), g.ints(BORDER, BORDER), g.ints(-BORDER, -BORDER), g.ints(2, 3))
    width = g.op("Slice", g.op("Shape", inner), g.ints(3), g.ints(4))
    flat = g.op("Reshape", inner, g.ints(-1))
    count = g.op("Min", max_keypoints, g.op("Shape", flat))
    best, index = g.op("TopK", flat, count, outputs=2, axis=0)
    y = g.op("Div", index, width)
    x = g.op("Sub", index, g.op("Mul", y, width))
    return best, g.op("Add", x, g.ints(BORDER)), g.op("Add", y, g.ints(BORDER))


def neighbourhood(g: Graph, scores: str, x: str, y: str) -> str:
    """Log scores [K,9] of the 3x3 pixels around each peak, in raster order."""
    width = g.op("Slice", g.op("Shape", scores), g.ints(3), g.ints(4))
    dy, dx = np.divmod(np.arange(9), 3)
    steps = g.op("Add", g.op("Mul", g.const(dy - 1, np.int64), width), g.const(dx - 1, np.int64))
    centre = g.op("Unsqueeze", g.op("Add", g.op("Mul", y, width), x), g.ints(1))
    flat = g.op("Reshape", scores, g.ints(-1))
    around = g.op("Gather", flat, g.op("Add", centre, steps), axis=0)
    return g.op("Log", g.op("Add", around, g.const(1e-5)))


def parabola(g: Graph, logs: str) -> str:
    """Sub-pixel offset [K,2] of the peak: the training target is a Gaussian, whose logarithm is a parabola.

    Each axis uses the mean of its three lines; offsets stay within half a pixel.
    """
    # Rows of 9 -> (left, centre, right) and (top, centre, bottom), each the mean of three pixels.
    grid = np.arange(9).reshape(3, 3)
    mix = np.zeros((9, 6), np.float32)
    for k in range(3):
        mix[grid[:, k], k] = (0.25, 0.5, 0.25)
        mix[grid[k, :], 3 + k] = (0.25, 0.5, 0.25)
    profiles = g.op("Reshape", g.op("MatMul", logs, g.const(mix)), g.ints(-1, 2, 3))
    slope = g.op("MatMul", profiles, g.const([[0.5], [0.0], [-0.5]]))
    bend = g.op("Min", g.op("MatMul", profiles, g.const([[1.0], [-2.0], [1.0]])), g.const(-1e-3))
    offset = g.op("Squeeze", g.op("Div", slope, bend), g.ints(2))
    return g.op("Clip", offset, g.const(-0.5), g.const(0.5))


def keypoints(g: Graph, scores: str, x: str, y: str, refine: bool) -> str:
    """[K,2] px with pixel centres at +0.5."""
    pixels = g.op("Cast", g.op("Concat", g.op("Unsqueeze", x, g.ints(1)), g.op("Unsqueeze", y, g.ints(1)), axis=1), to=1)
    centres = g.op("Add", pixels, g.const(0.5))
    return g.op("Add", centres, parabola(g, neighbourhood(g, scores, x, y))) if refine else centres


def sample(g: Graph, descriptors: str, points: str, image: str) -> str:
    """Bilinear descriptors [K,D], unit rows. Cell (i, j) has its centre at (8j+4, 8i+4) px."""
    shape = g.op("Shape", image)
    size = g.op("Cast", g.op("Concat", g.op("Slice", shape, g.ints(3), g.ints(4)),
                             g.op("Slice", shape, g.ints(2), g.ints(3)), axis=0), to=1)
    grid = g.op("Sub", g.op("Div", g.op("Mul", points, g.const(2.0)), size), g.const(1.0))
    picked = g.op("GridSample", descriptors, g.op("Unsqueeze", grid, g.ints(0, 1)),
                  mode="bilinear", padding_mode="border", align_corners=0)
    rows = g.op("Transpose", g.op("Squeeze", picked, g.ints(0, 2)), perm=[1, 0])
    return unit(g, rows, axis=1)


def global_descriptor(g: Graph, rows: str, scores: str, head: dict[str, np.ndarray]) -> str:
    """NetVLAD over the best keypoints' descriptors, each weighted by its score, then the projection. [1,G], unit length.

    rows [N,D] unit, scores [N] falling; the first AGGREGATED count. Flat cells and black corners have no keypoints and
    count nothing.
    head: `centroids` [K,D] unit rows, `sharpness` scalar, `mean` [K*D], `projection` [K*D,G].
    The projection, by far the largest array, is stored in half precision.
    """
    k, d = head["centroids"].shape
    rows, scores = (g.op("Slice", x, g.ints(0), g.ints(AGGREGATED), g.ints(0)) for x in (rows, scores))
    weight = g.op("Sqrt", g.op("Relu", g.op("Sub", scores, g.const(LEAST_SCORE))))
    assign = g.const(head["sharpness"] * head["centroids"].T)
    soft = g.op("Softmax", g.op("MatMul", rows, assign, name="assign"), axis=1)
    soft = g.op("Mul", soft, g.op("Unsqueeze", weight, g.ints(1)))
    mass = g.op("Transpose", g.op("ReduceSum", soft, g.ints(0), keepdims=1), perm=[1, 0])
    sums = g.op("MatMul", g.op("Transpose", soft, perm=[1, 0]), rows)
    residual = unit(g, g.op("Sub", sums, g.op("Mul", mass, g.const(head["centroids"]))), axis=1)
    vlad = unit(g, g.op("Reshape", residual, g.ints(1, k * d)), axis=1)
    vlad = g.op("Sub", vlad, g.const(head["mean"][None]))
    half = g.const(head["projection"], np.float16, name="global.projection.half")
    return unit(g, g.op("MatMul", vlad, g.op("Cast", half, name="global.projection", to=TensorProto.FLOAT)), axis=1)
