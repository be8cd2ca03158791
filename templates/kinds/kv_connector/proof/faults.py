"""Faults in an author's package, and a word that the doctor's problem must contain. Never rendered.

Each is what is wrong: (file in the package, what stands there once, what to put there, the word).
"""

FILE, STORE = "kv_connector.py", "kv_store.py"
BASES = "(Base, SupportsHMA):"
FAULTS = {
    "the class cannot be imported": (
        FILE,
        "import KVStore, folder_in",
        "import KVStores, folder_in",
        "ImportError",
    ),
    "the class has another name": (FILE, BASES, f"2{BASES}", "AttributeError"),
    "models with several caches are not supported": (
        FILE,
        BASES,
        "(Base):",
        "does not inherit SupportsHMA",
    ),
    "the constructor takes two arguments": (
        FILE,
        "role: KVConnectorRole, kv_cache_config: Any) -> None:\n",
        "role: KVConnectorRole) -> None:\n        kv_cache_config = None\n",
        "cannot be made as vLLM does it",
    ),
    "a method is missing": (
        FILE,
        "def build_connector_meta(",
        "def build_metadata(",
        "has no build_connector_meta",
    ),
}
# What the doctor only warns of.
WARNINGS: dict[str, tuple] = {
    "a folder that cannot be written is let through": (
        STORE,
        "    except OSError as error:\n        use =",
        "    except OSError as error:\n        return folder\n        use =",
        "a folder that cannot be written",
    ),
    "an unknown setting is let through": (
        STORE,
        "if unknown := sorted(settings.keys() - {FOLDER}):",
        "if unknown := sorted({FOLDER} - {FOLDER}):",
        "a setting that it does not have",
    ),
    "requests may fail": (
        FILE,
        'policy != "recompute":',
        'policy == "none":',
        "kv_load_failure_policy",
    ),
}
