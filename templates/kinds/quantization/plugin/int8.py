"""The arithmetic: floating point to int8 and back. Needs torch and no vLLM.

Shapes: ``N`` output channels, ``K`` input channels.
"""

import torch

# -128 is not used, so that a weight and its negative are equally exact.
LARGEST = 127


def quantize(weight: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return a weight [N, K] as int8 [N, K], and the scale of each output channel [N, 1], float32.

    Each scale is such that the channel's largest weight becomes 127 or -127. Raises ValueError for
    a weight that is not finite.
    """
    weight = weight.to(torch.float32)
    if not weight.isfinite().all():
        raise ValueError("it holds a value that is infinite or not a number")
    largest = weight.abs().amax(dim=1, keepdim=True)
    # A channel of zeros: any scale would do, and 0 would give 0 / 0.
    scale = torch.where(largest == 0, 1.0, largest / LARGEST)
    return (weight / scale).round().clamp(-LARGEST, LARGEST).to(torch.int8), scale


def dequantize(rows: torch.Tensor, scale: torch.Tensor) -> torch.Tensor:
    """Return the weight [N, K] in float32 that int8 [N, K] and the scales [N, 1] stand for."""
    return rows.to(torch.float32) * scale


def linear(
    x: torch.Tensor, rows: torch.Tensor, scale: torch.Tensor, bias: torch.Tensor | None = None
) -> torch.Tensor:
    """Return ``x`` [..., K] times the weight that ``rows`` and ``scale`` stand for: [..., N].

    The scales are applied to the result, which has fewer values than the weight.
    """
    product = torch.nn.functional.linear(x, rows.to(x.dtype))
    output = (product * scale.flatten()).to(x.dtype)
    return output if bias is None else output + bias
