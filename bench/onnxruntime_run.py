"""Runs one ONNX network on one thread whenever a line comes: the peer of bench/network.ts.

    python onnxruntime_run.py network.onnx feeds.json

feeds.json: {name: {"dtype": ..., "shape": [...], "file": raw little-endian numbers}}. Each line on standard input is one
run, answered with one line: the rows of the first output after "show", a full stop after anything else.
"""
import json
import sys

import numpy as np
import onnxruntime as ort

model, feeds_path = sys.argv[1:]
with open(feeds_path) as file:
    wanted = json.load(file)
feeds = {name: np.fromfile(f["file"], f["dtype"]).reshape(f["shape"]) for name, f in wanted.items()}
options = ort.SessionOptions()
options.intra_op_num_threads = 1
session = ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])
for line in sys.stdin:
    outputs = session.run(None, feeds)
    print(json.dumps(outputs[0].reshape(-1).tolist()) if line.strip() == "show" else ".", flush=True)
