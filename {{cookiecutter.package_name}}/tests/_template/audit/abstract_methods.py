"""Whether a package's classes have the methods that vLLM leaves abstract. No need to edit this."""

from package import Package
from vllm_source import Source


class AbstractMethods:
    def __init__(self, source: Source, package: Package) -> None:
        self.source, self.package = source, package

    def problems(self) -> list[str]:
        return []
