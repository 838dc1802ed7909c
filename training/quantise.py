"""int8 variant of an exported network: static, per channel, QDQ, calibrated on training photos.

    python quantise.py --cache CACHE [--source ../models/hfnet-fp32.onnx --target ../models/hfnet.onnx]

First and last convolutions stay float32 (they see the picture and make the answers); everything after the backbone too.
Weights keep to seven bits: processors without VNNI add pairs of products in 16 bits, which eight could overflow.
"""
import argparse
import json
import tempfile
from pathlib import Path

import numpy as np
from onnxruntime.quantization import CalibrationDataReader, CalibrationMethod, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process

from export import MODELS, training_pictures
from manifest import manifest

FLOAT_LAYERS = ["stem", "detect_in", "detect_out", "descriptor", "reliability"]


class Photos(CalibrationDataReader):
    def __init__(self, pictures: list[np.ndarray]):
        feeds = ({"image": p[None, None].astype(np.float32) / 255, "max_keypoints": np.array([1000], np.int64)} for p in pictures)
        self.feeds = iter(list(feeds))

    def get_next(self):
        return next(self.feeds, None)


def quantise(source: Path, target: Path, pictures: list[np.ndarray]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        prepared = Path(folder) / "prepared.onnx"
        quant_pre_process(str(source), str(prepared), skip_symbolic_shape=True)
        quantize_static(str(prepared), str(target), Photos(pictures), quant_format=QuantFormat.QDQ, per_channel=True,
                        reduce_range=True, activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8,
                        op_types_to_quantize=["Conv"], nodes_to_exclude=FLOAT_LAYERS, calibrate_method=CalibrationMethod.MinMax)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--source", type=Path, default=MODELS / "hfnet-fp32.onnx")
    parser.add_argument("--target", type=Path, default=MODELS / "hfnet.onnx")
    parser.add_argument("--pictures", type=int, default=32)
    args = parser.parse_args()
    pictures, used = training_pictures(args.cache, args.pictures)
    quantise(args.source, args.target, pictures)
    own = json.loads(args.source.with_suffix(".json").read_text())
    rendered = any(entry["files"] is None for entry in own["provenance"]["data"])
    fields = manifest(args.target, name=own["name"], version=own["version"], kind=own["kind"], photos=used,
                      global_dim=own["global"]["dim"], rendered=rendered)
    args.target.with_suffix(".json").write_text(json.dumps(fields, indent=2) + "\n")
    print(f"{args.target.name}: {args.target.stat().st_size} bytes")


if __name__ == "__main__":
    main()
