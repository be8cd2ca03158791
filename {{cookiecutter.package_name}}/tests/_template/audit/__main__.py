"""The audit: lists what a vLLM release changes in everything that this package uses.

``python tests/_template/audit [VLLM]``, and see ``--help``. VLLM is a wheel, an sdist or a folder
of vLLM's source; without it, the installed vLLM is audited. vLLM is read and never imported, so
that neither torch nor a GPU is needed. The exit status is 0, 1 if something breaks, or 2 if there
is no audit: the command is wrong, or a file cannot be read. No need to edit this file.
"""

import argparse
import importlib.util
import os
import sys
import tempfile
from pathlib import Path

import recorded
from findings import Report, audit, record
from recorded import UnknownReference
from uses import UnreadablePackage
from vllm_files import UnknownSource
from vllm_source import Source

PACKAGE = "{{ cookiecutter.package_name }}"
HERE = Path(__file__).resolve().parent
# The folder above tests/, however deep in there this is.
PROJECT = next((each.parent for each in HERE.parents if each.name == "tests"), HERE.parent)


def show(text: str) -> None:
    """Print a text, for a reader who may stop in the middle, as `head` does."""
    try:
        print(text, flush=True)
    except BrokenPipeError:
        # Python itself flushes once more at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def as_text(report: Report, title: str, markdown: bool, unresolved: bool) -> str:
    """Return the report for a terminal, or as Markdown."""
    lines = [f"# {title}" if markdown else title]
    for section, findings in report.sections.items():
        lines += ["", f"## {section}" if markdown else section, ""]
        if section == "Unchanged":
            findings = [f"{len(findings)} symbols"]
        lines += [f"- {finding}" for finding in findings or ["nothing"]]
    return "\n".join([*lines, *notes(report, unresolved)])


def notes(report: Report, unresolved: bool) -> list[str]:
    """Return what the audit could not look at, as the lines after a report."""
    lines: list[str] = []
    if report.models:
        lines += ["", f"The interface of models is not checked: {report.models}."]
    if report.unrecorded:
        count = len(report.unrecorded)
        lines += ["", f"Not in the reference, so that changes are not seen: {count}; see --record."]
    if report.unresolved:
        count, hint = len(report.unresolved), "" if unresolved else "; see --unresolved"
        lines += ["", f"Used in a way that cannot be followed: {count}{hint}."]
        lines += ["", *(f"- {line}" for line in report.unresolved)] if unresolved else []
    elif unresolved:
        lines += ["", "Used in a way that cannot be followed: 0."]
    return lines


def package_folder(given: str | None) -> Path:
    """Return the folder of a package: the one given, or this project's, or an installed one."""
    if given:
        if not Path(given).is_dir():
            raise UnreadablePackage(f"{given} is no folder: give the folder of a package")
        return Path(given).resolve()
    sys.path.insert(0, str(PROJECT))
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise UnreadablePackage(
            f"there is no package {PACKAGE}, neither here nor installed: name one with --package"
        )
    return Path(spec.origin).parent


def reference_of(package: Path) -> Path:
    """Return the file with the reference of a package; that of another project has its name."""
    is_own = PROJECT in package.parents or package.name == PACKAGE
    return HERE / ("reference.json" if is_own else f"reference_{package.name}.json")


def run(options: argparse.Namespace, folder: Path) -> int:
    """Record or audit, and return the exit status; what is unpacked goes into ``folder``."""
    package = package_folder(options.package)
    file = reference_of(package)
    before = None if options.record else recorded.load(file)
    source = Source(options.vllm, folder)
    if before is None:
        before = record(source, package)
        recorded.save(file, before)
        report = audit(source, package, before)
        first = f"{file} now holds {len(before.symbols)} symbols of vLLM {source.version}."
        lines = [first, *report.sections["Breaking"], *notes(report, options.unresolved)]
        text = "\n".join(lines)
    else:
        report = audit(source, package, before)
        title = f"vLLM {source.version}, against {before.vllm} as it was recorded"
        text = as_text(report, title, options.markdown, options.unresolved)
    show(text)
    return 1 if report.sections["Breaking"] else 0


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python tests/_template/audit", description=__doc__.split("\n")[0]
    )
    parser.add_argument("vllm", nargs="?", help="a wheel, an sdist or a folder of vLLM's source")
    parser.add_argument("--package", metavar="FOLDER", help="another package than this project's")
    parser.add_argument("--markdown", action="store_true", help="for a pull request")
    parser.add_argument("--unresolved", action="store_true", help="list what cannot be followed")
    parser.add_argument("--record", action="store_true", help="write the reference anew")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        try:
            return run(options, Path(folder))
        except (UnknownSource, UnknownReference, UnreadablePackage) as error:
            parser.error(" ".join(str(error).split()))


if __name__ == "__main__":
    sys.exit(main())
