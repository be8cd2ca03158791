"""Breaks of the rendered package, each of which its own tests must catch. Never rendered.

Each is what breaks: (file in the package, what stands there once, what to put there).
"""

# The files that look at this part, below tests/.
TESTS = ["test_platform.py", "_template/test_platform_interface.py"]
FILE, BASE, FOUND = "platform.py", "_platform_base.py", "_platforms.py"
MUTATIONS = {
    "an exit in the choice stops vLLM": (
        FOUND,
        "    except BaseException as error:",
        "    except Exception as error:",
    ),
    "a failure is not shown": (FOUND, "            logging.ERROR,", "            logging.DEBUG,"),
    "it cannot be switched off": (FOUND, "    if wanted is False:", "    if False:"),
    "it cannot be switched on": (FOUND, "if wanted or ask(name):", "if ask(name):"),
    "the last that applies is taken": (
        FOUND,
        "in PLATFORMS.items():",
        "in reversed(PLATFORMS.items()):",
    ),
    "two platforms may be in one process": (
        FOUND,
        "            _asking.discard(thread)\n    if thread in _asked_again:",
        "            _asking.discard(thread)\n    if thread in _asking:",
    ),
    "the choice imports vLLM": (FOUND, "import threading\n", "import threading\n\nimport vllm\n"),
    "any vLLM is built for CPUs": (FOUND, 'return "cpu" in version("vllm")', "return True"),
    "it says that it is used before anybody sees it": (
        BASE,
        "    if logger.isEnabledFor(logging.INFO):",
        "    if True:",
    ),
    "vLLM's own check of the settings is left out": (
        FILE,
        "        super().check_and_update_config(vllm_config)\n",
        "",
    ),
}
