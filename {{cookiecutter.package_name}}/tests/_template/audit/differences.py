"""What differs between two releases of a symbol. No need to edit this file."""

from recorded import Symbol

# The field of a symbol, and how a finding tells that it is another.
TOLD = (("returns", "returns"), ("bases", "has the bases"), ("value", "is"))
# Of more than this, some are only counted.
LONGEST_LIST = 4


def changes(old: Symbol, new: Symbol) -> str:
    """Say what differs, "" if nothing: the signature first, since it explains the most."""
    before, now = old.parameters, new.parameters
    if before is not None and now is not None and before != now:
        gained = [text for text in now if text not in before]
        lost = [text for text in before if text not in now]
        return f"takes {listed(gained) or 'no more'}, and took {listed(lost) or 'less'}"
    changed = old.digest != new.digest
    for field, text in TOLD:
        was, is_now = getattr(old, field), getattr(new, field)
        # The text of a value may be shortened.
        if was != is_now and (field != "value" or changed):
            return f"{text} {is_now}, and {was} before"
    if old.at != new.at:
        return f"stands in {new.at}, and stood in {old.at}"
    if not changed:
        return ""
    return "has another body" if new.value is None else "has another value"


def listed(texts: list[str]) -> str:
    """Return texts as a list, shortened if there are many."""
    if len(texts) > LONGEST_LIST:
        few = LONGEST_LIST - 1
        texts = [*texts[:few], f"{len(texts) - few} more"]
    return ", ".join(texts)
