"""The arithmetic gives what a plain computation in float64 does. Needs torch, and no vLLM."""

import pytest

{{ import_from(cookiecutter.package_name ~ ".rms_norm", ["add_and_rms_norm", "rms_norm"]) }}

EPSILON = 0.1


@pytest.fixture
def torch():
    return pytest.importorskip("torch", reason="torch is not installed")


def plain(rows: list[list[float]], weight: list[float], size: int) -> list[list[float]]:
    """Compute the norm of each row with Python's floats."""
    result = []
    for row in rows:
        mean = sum(value * value for value in row[:size]) / size
        result.append([v / (mean + EPSILON) ** 0.5 * w for v, w in zip(row, weight, strict=True)])
    return result


@pytest.mark.parametrize("size", [1, 3, 8])
def test_each_row_is_divided_by_its_root_mean_square(torch, size):
    torch.manual_seed(0)
    x, weight = torch.randn(5, 8), torch.randn(8)
    expected = plain(x.tolist(), weight.tolist(), size)
    found = rms_norm(x, weight, EPSILON, size)
    assert torch.allclose(found, torch.tensor(expected), rtol=1e-5, atol=1e-6)


def test_without_a_size_the_mean_is_that_of_the_whole_row(torch):
    torch.manual_seed(0)
    x, weight = torch.randn(5, 8), torch.randn(8)
    assert torch.equal(rms_norm(x, weight, EPSILON), rms_norm(x, weight, EPSILON, 8))


def test_without_a_weight_it_is_that_of_ones(torch):
    x = torch.randn(5, 8)
    assert torch.equal(rms_norm(x, None, EPSILON), rms_norm(x, torch.ones(8), EPSILON))


def test_rows_may_lie_in_any_number_of_dimensions(torch):
    x, weight = torch.randn(2, 3, 8), torch.randn(8)
    found = rms_norm(x, weight, EPSILON)
    assert torch.equal(found.view(6, 8), rms_norm(x.view(6, 8), weight, EPSILON))


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16"])
def test_the_dtype_stays_and_squares_are_taken_in_float32(torch, dtype):
    # Their squares are beyond the range of float16.
    x = torch.tensor([[300.0, -400.0]], dtype=getattr(torch, dtype))
    found = rms_norm(x, torch.ones(2), EPSILON)
    assert found.dtype is x.dtype
    expected = torch.tensor(plain(x.tolist(), [1.0, 1.0], 2))
    assert torch.allclose(found.float(), expected, rtol=1e-2)


def test_with_a_residual_the_sum_comes_back_and_its_norm(torch):
    torch.manual_seed(0)
    x, residual, weight = torch.randn(5, 8), torch.randn(5, 8), torch.randn(8)
    found, total = add_and_rms_norm(x, residual, weight, EPSILON, 3)
    assert torch.equal(total, x + residual)
    assert torch.allclose(found, rms_norm(x + residual, weight, EPSILON, 3), rtol=1e-5, atol=1e-6)


def test_the_sum_is_rounded_only_for_the_next_layer(torch):
    torch.manual_seed(0)
    x, residual = torch.randn(2, 5, 64).bfloat16()
    found, total = add_and_rms_norm(x, residual, None, EPSILON)
    assert (found.dtype, total.dtype) == (torch.bfloat16, torch.bfloat16)
    exact = rms_norm(x.float() + residual.float(), None, EPSILON)
    assert torch.equal(found, exact.bfloat16())


def test_what_it_is_given_is_not_changed(torch):
    x, residual, weight = torch.randn(5, 8), torch.randn(5, 8), torch.randn(8)
    before = [each.clone() for each in (x, residual, weight)]
    rms_norm(x, weight, EPSILON)
    add_and_rms_norm(x, residual, weight, EPSILON)
    for each, copy in zip((x, residual, weight), before, strict=True):
        assert torch.equal(each, copy)
