"""vLLM's registry of quantizations, as the tests need it."""

from typing import Literal

from vllm.model_executor.layers import quantization
from vllm.model_executor.layers.quantization.base_config import QuantizationConfig


class Quantizations:
    # A name of vLLM's own, and a class of another plugin.
    rivals = ("vLLM", "Other")
    # vLLM takes the class and not its name.
    lazy = False

    def names(self) -> set[str]:
        return set(quantization.QUANTIZATION_METHODS)

    def forget(self, monkeypatch, name: str) -> None:
        classes = dict(quantization._CUSTOMIZED_METHOD_TO_QUANT_CONFIG)
        classes.pop(name, None)
        names = [each for each in quantization.QUANTIZATION_METHODS if each != name]
        # Copies, so that after a test none of the three knows the name.
        monkeypatch.setattr(quantization, "_CUSTOMIZED_METHOD_TO_QUANT_CONFIG", classes)
        monkeypatch.setattr(quantization, "QUANTIZATION_METHODS", names)
        monkeypatch.setattr(quantization, "QuantizationMethods", quantization.QuantizationMethods)

    def take(self, name: str, rival: str) -> str:
        """Give a name to a rival, and return what has it then."""
        if rival == "vLLM":
            quantization.QUANTIZATION_METHODS.append(name)
            quantization.QuantizationMethods = Literal[name]
            return f"vllm.model_executor.layers.quantization:{name}"
        other = type(rival, (QuantizationConfig,), {"__module__": __name__})
        quantization.register_quantization_config(name)(other)
        return f"{__name__}:{rival}"

    def break_it(self, monkeypatch, failing) -> None:
        monkeypatch.setattr(quantization, "register_quantization_config", failing)


REGISTRIES = {"quantization": Quantizations()}
