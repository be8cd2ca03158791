"""Each model has the interface that vLLM asks of it."""

import importlib

import pytest

from {{ cookiecutter.package_name }} import about


@pytest.mark.real_vllm
@pytest.mark.parametrize("architecture", about.ARCHITECTURES)
def test_the_model_class_has_vllms_interface(architecture):
    from vllm.model_executor.models.interfaces_base import is_vllm_model

    module, _, name = about.ARCHITECTURES[architecture].partition(":")
    model = importlib.import_module(f".{module}", about.__package__)
    assert is_vllm_model(getattr(model, name))
