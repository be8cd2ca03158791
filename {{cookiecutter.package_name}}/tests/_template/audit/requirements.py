"""What vLLM requires of what it shares with plugins. No need to edit this file."""

import re
from email.message import Message

Requirements = dict[str, str]
SHARED = ("torch", "transformers")


def required_by(metadata: Message) -> Requirements:
    """Return which Python, torch and transformers a distribution requires."""
    requires = {"Python": metadata["Requires-Python"] or "any"}
    for text in metadata.get_all("Requires-Dist") or []:
        name = re.split(r"[^\w.-]", text)[0]
        if name in SHARED and "extra" not in text:
            specifier = text.removeprefix(name).partition(";")[0]
            requires[name] = specifier.strip() or "any"
    return requires


def changed_requirements(before: Requirements | None, now: Requirements | None) -> list[str]:
    """Say what vLLM requires now and did not require before, or otherwise."""
    if before is None or now is None:
        which = "this vLLM" if now is None else "the recorded vLLM"
        return [f"what {which} requires is unknown, since its metadata was not found"]
    lines = []
    for name in dict.fromkeys([*before, *now]):
        was, is_now = before.get(name, "nothing"), now.get(name, "nothing")
        if was != is_now:
            lines.append(f"{name} {is_now}, which was {was}")
    return lines
