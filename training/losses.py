"""What the network is asked for, one function per wish, and how much each wish counts."""
import torch
import torch.nn.functional as F
from torch import nn

TEMPERATURE = 0.07
NEAR_PX = 5.0
TERMS = ("contrastive", "distil", "detector", "reliability")


class Uncertainty(nn.Module):
    """Learned weights of the terms: sum of exp(-s) L + s, s the logarithm of a term's variance.

    Kendall, Gal, Cipolla 2018, eq. 10 without the factor 1/2, as HF-Net uses it (Sarlin et al. 2019, eq. 5).
    """

    def __init__(self) -> None:
        super().__init__()
        self.log_variance = nn.Parameter(torch.zeros(len(TERMS)))

    def forward(self, terms: dict[str, torch.Tensor]) -> torch.Tensor:
        s = dict(zip(TERMS, self.log_variance))
        return sum(torch.exp(-s[name]) * value + s[name] for name, value in terms.items())

    def weights(self) -> dict[str, float]:
        return dict(zip(TERMS, torch.exp(-self.log_variance).tolist()))


def sample(descriptors: torch.Tensor, points: torch.Tensor, width: int, height: int) -> torch.Tensor:
    """Bilinear descriptors [B,N,D], unit length, at points [B,N,2] in px (centres at +0.5)."""
    size = torch.tensor([width, height], dtype=points.dtype, device=points.device)
    grid = (2 * points / size - 1)[:, None]
    picked = F.grid_sample(descriptors, grid, mode="bilinear", padding_mode="border", align_corners=False)
    return F.normalize(picked[:, :, 0].transpose(1, 2), dim=2)


def contrastive(a: torch.Tensor, b: torch.Tensor, points_a: torch.Tensor, points_b: torch.Tensor,
                valid: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Dual softmax: each point should find its partner among all others, both ways.

    Points closer than NEAR_PX to the partner are no negatives: at stride 8 they look the same by construction.
    Returns the loss and, without gradient, each point's probability of a right mutual match [B,N].
    """
    near = (torch.cdist(points_a, points_a) < NEAR_PX) | (torch.cdist(points_b, points_b) < NEAR_PX)
    eye = torch.eye(a.shape[1], dtype=torch.bool, device=a.device)
    blocked = (near & ~eye) | ~(valid[:, None, :].bool() & valid[:, :, None].bool())
    similarity = (a @ b.transpose(1, 2) / TEMPERATURE).masked_fill(blocked & ~eye, -1e4)
    rows = torch.diagonal(F.log_softmax(similarity, 2), dim1=1, dim2=2)
    columns = torch.diagonal(F.log_softmax(similarity, 1), dim1=1, dim2=2)
    loss = -((rows + columns) * valid).sum() / (2 * valid.sum() + 1)
    return loss, (rows + columns).exp().detach()


def distil(student: torch.Tensor, teacher: torch.Tensor) -> torch.Tensor:
    """One minus the cosine to the teacher's descriptor, where there is one (rows of zeros are none)."""
    taught = (teacher.abs().sum(2) > 0).float()
    return ((1 - (student * teacher).sum(2)) * taught).sum() / (taught.sum() + 1)


def detector(logits: torch.Tensor, target: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Cross-entropy to the soft 65-way target over the cells that see the picture."""
    entropy = -(target * F.log_softmax(logits, 1)).sum(1)
    return (entropy * mask).sum() / (mask.sum() + 1)


def reliability(logits: torch.Tensor, points: torch.Tensor, right: torch.Tensor, valid: torch.Tensor,
                width: int, height: int) -> torch.Tensor:
    """The reliability head predicts the probability of a right mutual match."""
    size = torch.tensor([width, height], dtype=points.dtype, device=points.device)
    picked = F.grid_sample(logits, (2 * points / size - 1)[:, None], padding_mode="border", align_corners=False)
    loss = F.binary_cross_entropy_with_logits(picked[:, 0, 0], right, reduction="none")
    return (loss * valid).sum() / (valid.sum() + 1)
