"""The network: one encoder of plain 3x3 convolutions, three heads.

Plain convolutions because they reach 73-100 % of a CPU's multiply ceiling where depthwise ones reach 55-80 %.
`default` has 0.84 M parameters and 1.57 GMAC at 640x480, `fast` 0.43 M and 0.79 GMAC
(the global head adds 0.53 M parameters and few operations). Widths are multiples of 16, one AVX-512 register of floats.
"""
import torch
import torch.nn.functional as F
from torch import nn

VARIANTS = {"default": (16, 32, 64, 96, 128), "fast": (16, 16, 48, 64, 96)}
DIM = 64
CELL = 8


class ConvBn(nn.Sequential):
    """Convolution, batch normalisation, ReLU; export folds the normalisation into the convolution."""

    def __init__(self, inputs: int, outputs: int, size: int = 3, stride: int = 1):
        super().__init__(
            nn.Conv2d(inputs, outputs, size, stride, size // 2, bias=False),
            nn.BatchNorm2d(outputs),
            nn.ReLU(inplace=True),
        )


class Residual(nn.Module):
    def __init__(self, width: int):
        super().__init__()
        self.a = ConvBn(width, width)
        self.b = ConvBn(width, width)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.b(self.a(x))


def normalise(image: torch.Tensor) -> torch.Tensor:
    """Zero mean and unit deviation per image. image [B,1,H,W] in 0..1."""
    centred = image - image.mean(dim=(2, 3), keepdim=True)
    return centred / torch.sqrt((centred * centred).mean(dim=(2, 3), keepdim=True) + 1e-4)


class HfNet(nn.Module):
    def __init__(self, widths: tuple[int, ...] = VARIANTS["default"], dim: int = DIM):
        super().__init__()
        w2, w4, w8, w16, w32 = widths
        self.stem = ConvBn(1, w2, stride=2)
        self.down4 = ConvBn(w2, w4, stride=2)
        self.block4 = ConvBn(w4, w4)
        self.down8 = ConvBn(w4, w8, stride=2)
        self.block8 = Residual(w8)
        self.down16 = ConvBn(w8, w16, stride=2)
        self.block16 = Residual(w16)
        self.down32 = ConvBn(w16, w32, stride=2)
        self.block32 = Residual(w32)
        self.lateral8 = nn.Conv2d(w8, w8, 1)
        self.lateral16 = nn.Conv2d(w16, w8, 1)
        self.lateral32 = nn.Conv2d(w32, w8, 1)
        self.fuse = ConvBn(w8, w8)
        self.descriptor = nn.Conv2d(w8, dim, 1)
        self.reliability = nn.Conv2d(w8, 1, 1)
        self.detect_in = ConvBn(w8 + CELL * CELL, w8, size=1)
        self.detect_mid = ConvBn(w8, w8)
        self.detect_out = nn.Conv2d(w8, CELL * CELL + 1, 1)

    def features(self, x: torch.Tensor) -> torch.Tensor:
        x4 = self.block4(self.down4(self.stem(x)))
        x8 = self.block8(self.down8(x4))
        x16 = self.block16(self.down16(x8))
        x32 = self.block32(self.down32(x16))
        up16 = F.interpolate(self.lateral16(x16), scale_factor=2, mode="bilinear", align_corners=False)
        up32 = F.interpolate(self.lateral32(x32), scale_factor=4, mode="bilinear", align_corners=False)
        return self.fuse(self.lateral8(x8) + up16 + up32)

    def forward(self, image: torch.Tensor) -> dict[str, torch.Tensor]:
        """image [B,1,H,W] in 0..1, H and W multiples of 32.

        Returns `logits` [B,65,H/8,W/8] (64 pixels of a cell in raster order, then "no keypoint"),
        `reliability` logits [B,1,H/8,W/8] and `descriptors` [B,64,H/8,W/8], unit length.
        """
        x = normalise(image)
        fused = self.features(x)
        pixels = F.pixel_unshuffle(x, CELL)
        logits = self.detect_out(self.detect_mid(self.detect_in(torch.cat([pixels, fused], 1))))
        return {
            "logits": logits.float(),
            "reliability": self.reliability(fused.detach()).float(),
            "descriptors": F.normalize(self.descriptor(fused).float(), dim=1),
        }
