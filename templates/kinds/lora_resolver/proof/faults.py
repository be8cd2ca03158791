"""Faults in an author's package, and a word that the doctor's problem must contain. Never rendered.

Each is what is wrong: (file in the package, what stands there once, what to put there, the word).
"""

RESOLVER = "lora_resolver.py"
# What the doctor only warns of.
WARNINGS: dict[str, tuple] = {}
FAULTS = {
    "the method has another name": (
        RESOLVER,
        "async def resolve_lora(",
        "async def resolve(",
        "abstract method",
    ),
    "the method is no coroutine function": (
        RESOLVER,
        "    async def resolve_lora(",
        # What it returns can be awaited once.
        '    @__import__("functools").lru_cache\n    async def resolve_lora(',
        "not a coroutine function",
    ),
    "the method takes no base model": (
        RESOLVER,
        "self, base_model_name: str, lora_name: str",
        "self, lora_name: str, *, base_model_name: str",
        "too many positional arguments",
    ),
    "the class cannot be imported": (
        RESOLVER,
        "from .adapters import Refused",
        "from .adapter import Refused",
        "No module named",
    ),
    "the resolver is not registered": (
        "_lora_resolvers.py",
        "        LoRAResolverRegistry.register_resolver(name, resolver)\n",
        "        assert resolver\n",
        "does not register",
    ),
}
# What is set where vLLM runs: (variables, how bad it is, the word). {FOLDER} is the name of the one for
# the folder of adapters, {PATH} a folder that is there and has none, {ONE} one with a broken adapter.
SETTINGS = {
    "vLLM asks no resolver": ({"VLLM_ALLOW_RUNTIME_LORA_UPDATING": None}, "warning", "is not set"),
    "vLLM does not take it for true": (
        {"VLLM_ALLOW_RUNTIME_LORA_UPDATING": "yes"},
        "warning",
        "is 'yes', so that vLLM asks no LoRA resolver",
    ),
    "vLLM takes any name for the base model's": (
        {"VLLM_SKIP_MODEL_NAME_VALIDATION": "True"},
        "problem",
        "base model answers",
    ),
    "no folder is named": ({"{FOLDER}": None}, "problem", "is not set"),
    "the folder is not there": ({"{FOLDER}": "{PATH}/nowhere"}, "problem", "which is no folder"),
    "the folder has no adapter": ({"{FOLDER}": "{PATH}"}, "warning", "has no LoRA adapter"),
    "an adapter is refused": ({"{FOLDER}": "{ONE}"}, "warning", "'broken' is refused"),
}
