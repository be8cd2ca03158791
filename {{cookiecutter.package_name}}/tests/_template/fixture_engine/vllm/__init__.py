"""Stands for ``vllm``: its version and ModelRegistry. Leaves out all that needs torch.
Where any other vllm can be imported, importing this one gives that one instead."""

import importlib.util
import os
import sys


def _step_aside() -> bool:
    """Import another vllm in place of this one, if there is one; say whether there was."""
    this_folder = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
    this_module, path = sys.modules.pop("vllm"), sys.path[:]
    # The whole import system is asked, so that editable installs are found as well.
    sys.path[:] = [entry for entry in path if os.path.realpath(entry) != this_folder]
    spec = importlib.util.find_spec("vllm")
    # Without a loader it is a mere folder of that name, such as a cache.
    if spec is not None and spec.loader is not None:
        importlib.import_module("vllm")
        return True
    sys.path[:], sys.modules["vllm"] = path, this_module
    return False


if not _step_aside():
    __version__ = "0.32.0"
    # vLLM requires transformers: a plugin may count on it wherever vllm can be imported.
    if "transformers" not in sys.modules and importlib.util.find_spec("transformers") is None:
        sys.modules["transformers"] = importlib.import_module("vllm._transformers")
    from vllm._lacking import Finder, lacking_in

    sys.meta_path.append(Finder)
    __getattr__ = lacking_in(__name__)
    from vllm.model_executor.models import ModelRegistry as ModelRegistry
