"""The arithmetic of the layer. Needs torch and no vLLM, so that tests are fast."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


def rms_norm(
    x: Tensor, weight: Tensor | None, epsilon: float, variance_size: int | None = None
) -> Tensor:
    """Divide each row by its root mean square, and multiply it by a weight.

    ``x`` is [..., size], and so is what is returned, of the same dtype; ``weight`` is [size], and
    None stands for ones. The mean is that of the first ``variance_size`` elements of a row, None for
    all. It is computed in float32, since squares soon leave the range of half precision.
    """
    row = x.float()
    mean = row[..., :variance_size].pow(2).mean(-1, keepdim=True)
    row = row * (mean + epsilon).rsqrt()
    if weight is not None:
        row = row.to(weight.dtype) * weight
    return row.to(x.dtype)


def add_and_rms_norm(
    x: Tensor,
    residual: Tensor,
    weight: Tensor | None,
    epsilon: float,
    variance_size: int | None = None,
) -> tuple[Tensor, Tensor]:
    """Return the norm of the sum of two tensors, and the sum; see ``rms_norm``.

    The sum is rounded to the dtype of ``x`` for whoever adds to it next, and not for the norm.
    """
    total = x.float() + residual.float()
    return rms_norm(total, weight, epsilon, variance_size).to(x.dtype), total.to(x.dtype)
