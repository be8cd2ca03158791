"""Faults in an author's package, and a word that the doctor's problem must contain. Never rendered.

Each is what is wrong: (file in the package, what stands there once, what to put there, the word).
"""

CHOICE, FILE, BASE = "platform_choice.py", "platform.py", "_platform_base.py"
ANSWER = "    return built_for_cpu()\n"
# What the doctor only warns of.
WARNINGS: dict[str, tuple] = {}
FAULTS = {
    "the choice raises": (CHOICE, ANSWER, "    return 1 / 0\n", "ZeroDivisionError"),
    "the choice cannot be imported": (
        CHOICE,
        "import built_for_cpu\n",
        "import built_for_cpus\n",
        "platform_choice.py fails, so that vLLM runs on its own platform: ImportError",
    ),
    "the choice imports vLLM": (
        CHOICE,
        "from ._platforms",
        "import vllm\n\nfrom ._platforms",
        "platform_choice.py imports vLLM",
    ),
    "the choice asks vLLM for its platform": (
        CHOICE,
        ANSWER,
        "    from vllm.platforms import current_platform\n\n"
        "    return current_platform.is_cpu()\n",
        "a part of vLLM that asks for the platform, which is not decided yet",
    ),
    "about.py names no module": (
        "about.py",
        '"platform:',
        '"platforms:',
        "cannot be imported, so that vLLM stops: ModuleNotFoundError",
    ),
    "the class cannot be imported": (
        FILE,
        "import Announced",
        "import Announcing",
        "cannot be imported, so that vLLM stops: ImportError",
    ),
    "the class has another name": (
        FILE,
        "class My",
        "class Your",
        "cannot be imported, so that vLLM stops: AttributeError",
    ),
    "the class is no platform": (
        FILE,
        "(Announced, CpuPlatform)",
        "(Announced)",
        "does not inherit from vllm.platforms.interface.Platform",
    ),
    "the class cannot be made": (
        BASE,
        "        announce(type(self))\n",
        "        raise OSError\n",
        "vLLM gets no platform: OSError",
    ),
}
