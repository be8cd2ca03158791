"""Stands for ``vllm.model_executor.custom_op``: which class is made where a model makes a layer.

Leaves out torch, and the choice among the methods of a layer: forward_native always runs."""

from vllm._lacking import lacking_in

__getattr__ = lacking_in(__name__)
# Both kinds of layers, by the name of the class that is replaced.
op_registry_oot: dict[str, type] = {}


class _Replaceable:
    def __new__(cls, *args, **kwargs):
        # Python calls __init__ only if what is made here is an instance of cls.
        return super().__new__(op_registry_oot.get(cls.__name__, cls))

    def __call__(self, *args, **kwargs):
        return self.forward(*args, **kwargs)

    @classmethod
    def register_oot(cls, _decorated=None, name: str | None = None):
        """Replace the class of that name, which is this one's if none is given."""

        def decorator(replacement):
            replaced = cls.__name__ if name is None else name
            assert replaced not in op_registry_oot, f"Duplicate name: {replaced}"
            replacement.name = replaced
            op_registry_oot[replaced] = replacement
            return replacement

        if _decorated is None:
            return decorator
        if not isinstance(_decorated, type):
            raise TypeError("Decorator can only be applied to classes.")
        return decorator(_decorated)


class PluggableLayer(_Replaceable):
    """A layer that is replaced as a whole."""


class CustomOp(_Replaceable):
    """A layer with a method for each platform."""

    def __init__(self, *, enforce_enable: bool = False, compile_native: bool = False):
        self._forward_method = self.forward_native

    def forward(self, *args, **kwargs):
        return self._forward_method(*args, **kwargs)

    def forward_native(self, *args, **kwargs):
        raise NotImplementedError

    def forward_cuda(self, *args, **kwargs):
        raise NotImplementedError

    def forward_hip(self, *args, **kwargs):
        return self.forward_cuda(*args, **kwargs)

    def forward_xpu(self, *args, **kwargs):
        return self.forward_native(*args, **kwargs)

    forward_cpu = forward_tpu = forward_oot = forward_xpu
