"""How a symbol of vLLM's looks: its signature, bases, value and body. No need to edit this file."""

import griffe
import signatures
from digests import digest
from recorded import Symbol
from vllm_modules import decorators_of, expression, is_static
from vllm_types import Types

# A longer value of an attribute is cut off here.
LONGEST_VALUE = 200


class Looks(Types):
    """Describes the symbols of one vLLM."""

    def looks_of(self, found: griffe.Object) -> Symbol:
        symbol = Symbol(found.path)
        if isinstance(found, griffe.Class):
            symbol = symbol._replace(bases=[signatures.text_of(base) for base in found.bases])
        if isinstance(found, griffe.Function):
            symbol = symbol._replace(returns=signatures.text_of(found.returns))
        if isinstance(found, griffe.Class | griffe.Function):
            parameters = self.parameters(found)
            return symbol._replace(parameters=parameters, digest=digest(self.node(found)))
        if isinstance(found, griffe.Attribute):
            value = found.annotation or found.value
            text = signatures.text_of(value)[:LONGEST_VALUE]
            return symbol._replace(value=text, digest=digest(expression(value)))
        return symbol

    def parameters(self, found: griffe.Class | griffe.Function) -> list[str] | None:
        """Return what a function or class is called with, without self; None if unknown."""
        if isinstance(found, griffe.Class):
            return self.parameters_of_class(found)
        texts = signatures.of_function(found)
        if any(str(each.value).endswith(("jit", "property")) for each in found.decorators):
            return None
        in_class = found.parent is not None and found.parent.is_class
        return texts[1:] if in_class and not is_static(found) else texts

    def parameters_of_class(self, found: griffe.Class) -> list[str] | None:
        classes, others = self.ancestry(found)
        for number, each in enumerate(classes):
            own = each.members.get("__init__")
            if isinstance(own, griffe.Function):
                return self.parameters(own)
            if self.is_dataclass(each) and "init=False" not in decorators_of(each):
                bases = [base for base in classes[number:] if self.is_dataclass(base)]
                return signatures.of_dataclass([self.class_node(base) for base in bases])
            if any(str(base).endswith("NamedTuple") for base in each.bases):
                return signatures.of_dataclass([self.class_node(each)])
            if "__new__" in each.members:
                return None
        plain = all(path.startswith(("abc.", "typing.", "builtins.object")) for path in others)
        return [] if plain else None
