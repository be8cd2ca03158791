"""The blocks of vLLM's KV cache as bytes. No need to edit it."""

from collections.abc import Mapping, Sequence
from typing import Any


class TensorBlocks:
    """The blocks of a worker's cache, of all layers together.

    ``kv_caches`` has the tensor of each layer, in which one dimension is that of the ``number``
    blocks. Raises ValueError if it cannot be told which one.
    """

    def __init__(self, kv_caches: Mapping[str, Any], number: int) -> None:
        self._tensors = [
            (tensor, block_dimension(layer, tensor.shape, number))
            for layer, tensor in sorted(kv_caches.items())
        ]
        self._number = number
        views = [(str(view.dtype), list(view.shape)) for view in self._views(0)]
        self.layout = str(list(zip(sorted(kv_caches), views, strict=True)))

    def read(self, block: int) -> bytes:
        """Return the KV of one block, in the order of the layers' names."""
        return b"".join(as_bytes(view).cpu().numpy().tobytes() for view in self._views(block))

    def write(self, block: int, data: bytes) -> None:
        """Fill one block with what ``read`` returned."""
        import torch

        rest = torch.frombuffer(bytearray(data), dtype=torch.uint8)
        for view in self._views(block):
            mine, rest = rest.split([view.nbytes, len(rest) - view.nbytes])
            view.copy_(mine.view(view.dtype).reshape(view.shape))

    def _views(self, block: int) -> list[Any]:
        """Return what one block is in each tensor: some rows, if the attention's blocks are smaller."""
        rows = [tensor.shape[dimension] // self._number for tensor, dimension in self._tensors]
        return [
            tensor.narrow(dimension, block * count, count)
            for (tensor, dimension), count in zip(self._tensors, rows, strict=True)
        ]


def as_bytes(view: Any) -> Any:
    import torch

    return view.detach().contiguous().flatten().view(torch.uint8)


def block_dimension(layer: str, shape: Sequence[int], number: int) -> int:
    """Return the dimension of the blocks; with another one, other requests' KV would be changed."""
    found = [index for index, size in enumerate(shape) if size and size % number == 0]
    if len(found) != 1:
        raise ValueError(
            f"The KV cache of {layer} has the shape {tuple(shape)}: it cannot be told which "
            f"dimension is that of its {number} blocks. Cure: have a larger cache, or another number "
            "of blocks by --num-gpu-blocks-override."
        )
    return found[0]
