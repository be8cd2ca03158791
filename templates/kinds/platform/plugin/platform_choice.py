"""Where the platform applies. Import nothing of vLLM here: it waits for this answer."""

from ._platforms import built_for_cpu


def applies(name: str) -> bool:
    """Tell whether vLLM is to run here on the platform that has a name in about.py.

    vLLM asks in every process, and more than once, and must get the same answer each time. It is
    not asked where USE_{{ cookiecutter.package_name | upper }} is 0 or 1.
    """
    return built_for_cpu()
