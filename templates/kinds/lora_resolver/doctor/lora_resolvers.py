"""Can vLLM ask the LoRA resolvers, will it, and what would they find?"""

import inspect
import os
from collections.abc import Generator
from importlib import import_module
from typing import Any

from ..about import LORA_RESOLVERS
from .findings import OK, PROBLEM, WARNING, Finding, Findings, brief, cause_of, needs_real_vllm

ALLOW, SKIP = "VLLM_ALLOW_RUNTIME_LORA_UPDATING", "VLLM_SKIP_MODEL_NAME_VALIDATION"


def look_in_new_process() -> Findings:
    usable = []
    for name, reference in LORA_RESOLVERS.items():
        if (resolver := (yield from look_at_resolver(name, reference))) is not None:
            usable.append((name, resolver))
    if usable and (yield from look_at_environment()):
        for name, resolver in usable:
            yield from look_at_adapters(name, resolver)


def look_at_resolver(name: str, reference: str) -> Generator[Finding, None, Any]:
    """Yield what is wrong with a resolver itself; return it if vLLM can ask it."""
    from vllm.lora.resolver import LoRAResolverRegistry

    called = f"the LoRA resolver {name}"
    try:
        module, _, class_name = reference.partition(":")
        made = getattr(import_module(f"..{module}", __package__), class_name)()
        resolver = LoRAResolverRegistry.resolvers.get(name, made)
        inspect.signature(resolver.resolve_lora).bind("base model", "name")
    except BaseException as error:
        if not needs_real_vllm(error):
            text = f"vLLM cannot make or call {called}: {cause_of(error)}"
            yield PROBLEM, text, "repair that, or install a vLLM that the plugin is tested with."
        return None
    if not inspect.iscoroutinefunction(resolver.resolve_lora):
        text = f"vLLM awaits resolve_lora() of {called}, which is not a coroutine function."
        yield PROBLEM, text, "define it with `async def`."
        return None
    if name not in LoRAResolverRegistry.resolvers:
        text = f"register() does not register {called}, so that vLLM does not ask it."
        yield PROBLEM, text, "name it in about.py, and let register() register it."
        return None
    yield OK, f"With --enable-lora, {called} can be used.", ""
    return resolver


def look_at_environment() -> Generator[Finding, None, bool]:
    """Yield what keeps vLLM from asking any resolver; return whether it asks them."""
    if is_on(SKIP):
        text = f"{SKIP} is set: vLLM asks no LoRA resolver, and its base model answers for adapters"
        yield PROBLEM, f"{text}.", "unset it."
        return False
    if not is_on(ALLOW):
        found = brief(repr(os.environ[ALLOW])) if ALLOW in os.environ else "not set"
        text = f"{ALLOW} is {found}, so that vLLM asks no LoRA resolver."
        yield WARNING, text, "set it to 1 where vLLM is started, and give vLLM --enable-lora."
        return False
    return True


def is_on(variable: str) -> bool:
    """Tell whether vLLM takes a variable for true."""
    return os.environ.get(variable, "").strip().lower() in ("1", "true")


def look_at_adapters(name: str, resolver: Any) -> Findings:
    """Let a resolver say what it would refuse, if it can."""
    if not hasattr(resolver, "problems"):
        return
    try:
        found = [(WARNING, text) for text in resolver.problems()]
    except Exception as error:
        found = [(PROBLEM, f"The LoRA resolver {name} finds no adapter: {error}.")]
    for level, text in found:
        text, _, cure = text.partition(" Cure: ")
        yield level, brief(text), cure or "repair it."
