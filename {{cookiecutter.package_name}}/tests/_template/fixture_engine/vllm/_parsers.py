"""Stands for what vLLM writes twice: the registry of tool parsers, and that of reasoning parsers.

Leaves out parsers in files outside a package."""

import importlib
from typing import ClassVar

from vllm._lacking import lacking_in
from vllm.logger import init_logger

__getattr__ = lacking_in(__name__)


class ParserManager:
    """Classes that were imported go before names that were only registered."""

    what: ClassVar[str]
    base: ClassVar[type]
    imported: ClassVar[dict[str, type]]
    lazy_parsers: ClassVar[dict[str, tuple[str, str]]]

    @classmethod
    def find(cls, name: str) -> type:
        """Import the class the first time. KeyError for a name that nobody has registered,
        TypeError for a class with another base; what an import raises passes through."""
        if name in cls.imported:
            return cls.imported[name]
        if name not in cls.lazy_parsers:
            raise KeyError(f"{cls.what.capitalize()} '{name}' not found.")
        module, class_name = cls.lazy_parsers[name]
        try:
            parser = getattr(importlib.import_module(module), class_name)
            if not issubclass(parser, cls.base):
                wanted = f"a {cls.base.__name__} subclass"
                raise TypeError(f"{class_name} in {module} is not {wanted}.")
        except Exception:
            logger = init_logger(cls.__module__)
            logger.exception("Failed to import lazy %s '%s' from %s", cls.what, name, module)
            raise
        cls.imported[name] = parser
        return parser

    @classmethod
    def register_lazy_module(cls, name: str, module_path: str, class_name: str) -> None:
        """Register a name, in place of what was registered before, without a word."""
        cls.lazy_parsers[name] = (module_path, class_name)

    @classmethod
    def list_registered(cls) -> list[str]:
        return sorted({*cls.imported, *cls.lazy_parsers})
