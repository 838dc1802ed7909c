"""Teach the global head's projection with sequence neighbours: InfoNCE over VLAD vectors of the frozen network.

Starts from the unsupervised head (global_head.py) and keeps its centroids. Each step draws anchors and one positive of
each; a pair that is neither known to be the same place nor another one does not count. Few steps: the positives are soon
too easy, and what is learned after that is the training places.
"""
import numpy as np
import torch
import torch.nn.functional as F

TEMPERATURE = 0.07
NORM = 30.0  # of the projection, so that a step means the same whatever the PCA's scale


def loss_of(places: torch.Tensor, twins: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
    """InfoNCE: anchor i against its positive i and all positives j that are another place. [B,G], [B,G], [B,B]."""
    similarity = places @ twins.T / TEMPERATURE
    counts = other | torch.eye(len(places), dtype=torch.bool)
    return -torch.diagonal(F.log_softmax(similarity.masked_fill(~counts, -1e4), 1)).mean()


def learn(head: dict, vlad: np.ndarray, same: np.ndarray, other: np.ndarray, *, steps: int, batch: int = 256,
          rate: float = 5e-4, seed: int = 1) -> dict:
    """The head with a learned projection. vlad [N,K*D], same and other [N,N] bool as in place_data.Places."""
    rng = np.random.default_rng(seed)
    torch.manual_seed(seed)
    centred = torch.from_numpy((vlad - head["mean"]).astype(np.float32))
    begin = torch.from_numpy(head["projection"])
    projection = (begin * (NORM / torch.linalg.norm(begin))).requires_grad_()
    optimiser = torch.optim.Adam([projection], lr=rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    anchors = np.flatnonzero(same.any(1))
    twins = [np.flatnonzero(row) for row in same]
    for step in range(steps):
        a = rng.choice(anchors, batch, replace=False)
        b = np.array([rng.choice(twins[i]) for i in a])
        x, y = (F.normalize(F.dropout(centred[k], 0.2) @ projection, dim=1) for k in (a, b))
        negatives = torch.from_numpy(other[np.ix_(a, b)])
        loss = (loss_of(x, y, negatives) + loss_of(y, x, negatives.T)) / 2
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
        if step % 50 == 0:
            print(f"step {step}: InfoNCE {loss.item():.3f}", flush=True)
    return {**head, "projection": projection.detach().numpy()}
