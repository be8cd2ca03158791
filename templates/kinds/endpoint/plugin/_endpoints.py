"""Says which class vLLM finds for an endpoint, without importing it. No need to edit it."""

from importlib.metadata import entry_points

GROUP = "vllm.endpoint_plugins"
# The environment variable with the key. Its name does not start with VLLM_: those are vLLM's own.
KEY = f"KEY_OF_{(__package__ or '').upper()}"


def owner_of_endpoint(name: str) -> str | None:
    """Return "package.module:Class" of the endpoint with a name, or None.

    Of two with one name, vLLM takes the one that it finds last.
    """
    found = [entry.value for entry in entry_points(group=GROUP) if entry.name == name]
    return found[-1] if found else None
