"""A block of vLLM's cache becomes bytes and again a block, and no other block changes."""

import pytest

{{ import_from(cookiecutter.package_name ~ "._kv_blocks", ["TensorBlocks", "block_dimension"]) }}

NUMBER = 7
# Blocks first, blocks second, and two rows for each block: as the attention's kernels want it.
SHAPES = {"first": (NUMBER, 2, 4, 6), "second": (2, NUMBER, 4, 6), "rows": (2 * NUMBER, 2, 2, 6)}


def random_caches(dtype: str) -> dict:
    import torch

    kind = getattr(torch, dtype)
    made = {name: torch.randn(shape).to(kind) for name, shape in SHAPES.items()}
    # A view whose values do not lie in a row.
    return made | {"turned": torch.randn(6, NUMBER, 4).to(kind).permute(1, 2, 0)}


@pytest.mark.real_vllm
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_a_block_is_read_and_written_and_no_other_changes(dtype):
    import torch

    source, target = random_caches(dtype), random_caches(dtype)
    before = {name: tensor.clone() for name, tensor in target.items()}
    blocks = TensorBlocks(target, NUMBER)
    assert blocks.layout == TensorBlocks(source, NUMBER).layout
    blocks.write(5, TensorBlocks(source, NUMBER).read(3))
    assert blocks.read(5) == TensorBlocks(source, NUMBER).read(3)
    for name, tensor in target.items():
        dimension = block_dimension(name, tensor.shape, NUMBER)
        rows = tensor.shape[dimension] // NUMBER
        mine = range(5 * rows, 6 * rows)
        others = torch.tensor([row for row in range(NUMBER * rows) if row not in mine])
        taken = source[name].narrow(dimension, 3 * rows, rows)
        assert torch.equal(tensor.narrow(dimension, 5 * rows, rows), taken)
        kept = before[name].index_select(dimension, others)
        assert torch.equal(tensor.index_select(dimension, others), kept)


class Tensor:
    def __init__(self, *shape, dtype="float32"):
        self.shape, self.dtype = shape, dtype

    def narrow(self, dimension, start, length):
        return Tensor(*self.shape[:dimension], length, *self.shape[dimension + 1 :])


def test_blocks_of_another_shape_have_another_layout():
    tensors = [{"a": Tensor(7, 4)}, {"a": Tensor(7, 5)}, {"b": Tensor(7, 4)}]
    assert len({TensorBlocks(each, NUMBER).layout for each in tensors}) == 3


@pytest.mark.parametrize("shape", [(2, 5), (7, 14), (7, 2, 7)])
def test_a_shape_in_which_the_blocks_cannot_be_told_is_refused(shape):
    with pytest.raises(ValueError, match="it cannot be told which dimension"):
        block_dimension("layer", shape, NUMBER)
