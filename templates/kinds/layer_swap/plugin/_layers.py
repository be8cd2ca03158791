"""Registers layers in place of vLLM's, and says who has taken a place. No need to edit it."""

from importlib import import_module

from ._safety import class_path, warn_of_owner


def register_layer(name: str, reference: str) -> None:
    """Let vLLM make a class, "module:Class" in this package, where it would make its own ``name``.

    The first replacement stays. The class itself must be given, and so its module is imported, in
    each process that vLLM starts. It must leave CUDA alone: a process that is forked later could
    not start it again.
    """
    if owner_of_layer(name) is None:
        replace(name, reference)
    owner = owner_of_layer(name)
    if owner != f"{__package__}.{reference}":
        warn_of_owner("layer", name, owner, "about.py")


def replace(name: str, reference: str) -> None:
    from vllm.model_executor.custom_op import CustomOp, PluggableLayer

    module, _, class_name = reference.partition(":")
    layer_class = getattr(import_module(f".{module}", __package__), class_name)
    base = PluggableLayer if issubclass(layer_class, PluggableLayer) else CustomOp
    try:
        base.register_oot(layer_class, name=name)
    except AssertionError:
        # vLLM refuses a second replacement. Another thread may have been faster with the first.
        if owner_of_layer(name) is None:
            raise


def owner_of_layer(name: str) -> str | None:
    """Return "package.module:Class" of what vLLM makes in place of its own class; None if nothing."""
    from vllm.model_executor.custom_op import op_registry_oot

    return class_path(op_registry_oot[name]) if name in op_registry_oot else None
