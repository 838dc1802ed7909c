"""Rendered frames as training pictures: one camera pose under several lights, with depth.

The folder holds one sub-folder per scene seed; see `scan`. Keypoints are found by OpenCV's corner detector on both
lights, because the photo teacher is not run on rendered frames.
"""
from pathlib import Path

import numpy as np


class RenderedFrames:
    def __init__(self, folder: Path):
        raise NotImplementedError(folder)

    def draw(self, rng: np.random.Generator):
        raise NotImplementedError
