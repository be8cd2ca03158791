"""vLLM's registry of models, and transformers' of HF config classes, as the tests need them."""

from transformers import CONFIG_MAPPING, AutoConfig, PreTrainedConfig
from vllm import ModelRegistry


class Architectures:
    """vLLM's registry of model classes."""

    # A class of vLLM's own, and one of another plugin.
    rivals = ("vllm.model_executor.models.llama:LlamaForCausalLM", "a:B")
    lazy = True

    def names(self) -> set[str]:
        return set(ModelRegistry.models)

    def forget(self, monkeypatch, name: str) -> None:
        monkeypatch.delitem(ModelRegistry.models, name, raising=False)

    def take(self, name: str, rival: str) -> str:
        """Give a name to a rival, and return the class that has it then."""
        ModelRegistry.register_model(name, rival)
        return rival

    def break_it(self, monkeypatch, failing) -> None:
        monkeypatch.setattr(ModelRegistry, "register_model", failing)


class ModelTypes:
    """transformers' registry of HF config classes."""

    rivals = ("Other",)
    lazy = False

    def names(self) -> set[str]:
        return set(CONFIG_MAPPING)

    def forget(self, monkeypatch, name: str) -> None:
        monkeypatch.delitem(CONFIG_MAPPING._extra_content, name, raising=False)

    def take(self, name: str, rival: str) -> str:
        """Give a name to a rival, and return the class that has it then."""
        bases = (PreTrainedConfig,)
        AutoConfig.register(name, type(rival, bases, {"model_type": name, "__module__": __name__}))
        return f"{__name__}:{rival}"

    def break_it(self, monkeypatch, failing) -> None:
        monkeypatch.setattr(AutoConfig, "register", failing)


REGISTRIES = {"architecture": Architectures(), "model_type": ModelTypes()}
