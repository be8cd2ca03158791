"""The arithmetic is as exact as int8 can be. Needs torch, which comes with vLLM."""

import pytest

pytestmark = pytest.mark.real_vllm
# A channel of zeros, one with an outlier, and some as they come.
SEED, CHANNELS, INPUTS = 0, 24, 40


def weight_and_inputs():
    import torch

    torch.manual_seed(SEED)
    weight = torch.randn(CHANNELS, INPUTS)
    weight[3] = 0
    weight[5, 7] = -1000
    return weight, torch.randn(2, 3, INPUTS)


def test_no_weight_is_off_by_more_than_half_a_step():
    from {{ cookiecutter.package_name }} import int8

    weight, _ = weight_and_inputs()
    rows, scale = int8.quantize(weight)
    assert rows.shape == weight.shape
    assert scale.shape == (CHANNELS, 1)
    off = (int8.dequantize(rows, scale) - weight).abs()
    assert (off <= scale / 2 * 1.00001).all()


def test_each_channel_has_a_scale_of_its_own_and_uses_all_of_int8():
    from {{ cookiecutter.package_name }} import int8

    weight, _ = weight_and_inputs()
    rows, scale = int8.quantize(weight)
    largest = rows.abs().amax(dim=1).tolist()
    assert largest == [0 if channel == 3 else 127 for channel in range(CHANNELS)]
    assert rows[5, 7] == -127
    # The outlier of one channel costs no other one its exactness.
    assert scale[5] > 100 * scale[4]


def test_quantizing_again_changes_nothing():
    from {{ cookiecutter.package_name }} import int8

    rows, scale = int8.quantize(weight_and_inputs()[0])
    again, same_scale = int8.quantize(int8.dequantize(rows, scale))
    assert (again == rows).all()
    assert (same_scale / scale).allclose(scale / scale)


def test_a_channel_of_zeros_stays_zero():
    from {{ cookiecutter.package_name }} import int8

    rows, scale = int8.quantize(weight_and_inputs()[0])
    assert int8.dequantize(rows, scale)[3].tolist() == [0.0] * INPUTS
    assert scale.isfinite().all()


@pytest.mark.parametrize("value", [float("inf"), float("nan")])
def test_a_weight_that_is_not_finite_is_refused(value):
    from {{ cookiecutter.package_name }} import int8

    weight, _ = weight_and_inputs()
    weight[0, 0] = value
    with pytest.raises(ValueError, match="infinite or not a number"):
        int8.quantize(weight)


@pytest.mark.parametrize("with_bias", [False, True])
def test_a_layer_gives_what_the_dequantized_weight_gives(with_bias):
    import torch

    from {{ cookiecutter.package_name }} import int8

    weight, inputs = weight_and_inputs()
    rows, scale = int8.quantize(weight)
    bias = torch.randn(CHANNELS) if with_bias else None
    expected = torch.nn.functional.linear(inputs, int8.dequantize(rows, scale), bias)
    actual = int8.linear(inputs, rows, scale, bias)
    assert actual.shape == (2, 3, CHANNELS)
    assert torch.allclose(actual, expected, rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize("name", ["bfloat16", "float16"])
def test_a_layer_keeps_the_type_of_its_inputs(name):
    import torch

    from {{ cookiecutter.package_name }} import int8

    weight, inputs = weight_and_inputs()
    rows, scale = int8.quantize(weight)
    assert int8.linear(inputs.to(getattr(torch, name)), rows, scale).dtype is getattr(torch, name)
