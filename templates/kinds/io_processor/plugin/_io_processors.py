"""Says which IO processors vLLM finds here, without importing them. No need to edit it."""

from importlib.metadata import entry_points

GROUP = "vllm.io_processor_plugins"


def owner_of_io_processor(name: str) -> str | None:
    """Return "package.module:Class" of the IO processor with a name, or None.

    Of several with one name, vLLM uses the one that it finds last. Of another package, it is what
    its entry point names: a function that returns where the class is.
    """
    found = [entry.value for entry in entry_points(group=GROUP) if entry.name == name]
    return found[-1].removesuffix(".path") if found else None
