"""vLLM's registry of tool parsers, as the tests need it."""

from vllm.tool_parsers import ToolParserManager


class ToolParsers:
    # A class of vLLM's own, and one of another plugin.
    rivals = ("vllm.tool_parsers.hermes_tool_parser:Hermes2ProToolParser", "a:B")
    lazy = True

    def names(self) -> set[str]:
        return set(ToolParserManager.list_registered())

    def forget(self, monkeypatch, name: str) -> None:
        monkeypatch.delitem(ToolParserManager.tool_parsers, name, raising=False)
        monkeypatch.delitem(ToolParserManager.lazy_parsers, name, raising=False)

    def take(self, name: str, rival: str) -> str:
        """Give a name to a rival, and return the class that has it then."""
        ToolParserManager.register_lazy_module(name, *rival.split(":"))
        return rival

    def break_it(self, monkeypatch, failing) -> None:
        monkeypatch.setattr(ToolParserManager, "register_lazy_module", failing)


REGISTRIES = {"tool_parser": ToolParsers()}
