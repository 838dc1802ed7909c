"""What a training run keeps on disk: the checkpoint and the log."""
import json
import os
from pathlib import Path

import torch


def save(path: Path, state: dict) -> None:
    """Write beside, then rename: a kill never leaves half a checkpoint."""
    temporary = path.with_suffix(".tmp")
    torch.save(state, temporary)
    os.replace(temporary, path)


def load_weights(path: Path, device: str = "cpu") -> dict:
    """A checkpoint's averaged weights, the ones that are validated and exported, and its variant."""
    state = torch.load(path, map_location=device)
    return {"ema": state["ema"], "variant": state.get("variant", "default"), "step": state["step"]}


class Log:
    """One JSON line per report; a resumed run first drops the lines after its checkpoint."""

    def __init__(self, path: Path, step: int):
        kept = [line for line in path.read_text().splitlines() if json.loads(line)["step"] <= step] if path.exists() else []
        path.write_text("".join(line + "\n" for line in kept))
        self.file, self.sums, self.count = open(path, "a", buffering=1), {}, 0

    def add(self, terms: dict[str, torch.Tensor], right: float) -> None:
        self.count += 1
        for name, value in [*((k, v.item()) for k, v in terms.items()), ("right", right)]:
            self.sums[name] = self.sums.get(name, 0.0) + value

    def write(self, step: int, seconds: float, more: dict[str, float]) -> None:
        means = {name: value / max(1, self.count) for name, value in self.sums.items()} | more
        self.file.write(json.dumps({"step": step, "seconds": round(seconds), **{k: round(v, 4) for k, v in means.items()}}) + "\n")
        self.sums, self.count = {}, 0
