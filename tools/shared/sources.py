"""The source of every vLLM release since 0.10.0: sdists from the package registry, in .cache/."""

import os
import re
import tarfile
import urllib.parse
import urllib.request
from pathlib import Path, PurePosixPath

from shared.rendering import ROOT

SOURCES = ROOT / ".cache" / "sources"
OLDEST = (0, 10, 0)
# What is kept of an sdist, behind its top folder.
WANTED = r"[^/]+/(vllm/.*|requirements/common\.txt|PKG-INFO)"


def simple_index() -> str:
    """Return the address of the registry that pip uses."""
    from pip._internal.models.index import PyPI

    return os.environ.get("PIP_INDEX_URL", PyPI.simple_url).rstrip("/")


def as_numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


def releases() -> dict[str, str]:
    """Return the address of the sdist of every final release since OLDEST, the oldest first."""
    page = f"{simple_index()}/vllm/"
    with urllib.request.urlopen(page, timeout=60) as answer:
        text = answer.read().decode()
    links = re.findall(r'href="([^"#]+/vllm-(\d+\.\d+\.\d+)\.tar\.gz)', text)
    found = {version: urllib.parse.urljoin(page, link) for link, version in links}
    return {v: found[v] for v in sorted(found, key=as_numbers) if as_numbers(v) >= OLDEST}


def source_of(version: str, address: str) -> Path:
    """Return the folder with the source of a release, downloaded and unpacked once."""
    folder = SOURCES / version
    if not folder.exists():
        SOURCES.mkdir(parents=True, exist_ok=True)
        archive = SOURCES / f"{version}.tar.gz"
        with urllib.request.urlopen(address, timeout=60) as answer:
            archive.write_bytes(answer.read())
        unpacked = SOURCES / f"{version}.unpacking"
        unpack(archive, unpacked)
        unpacked.rename(folder)
        archive.unlink()
    return folder


def unpack(archive: Path, folder: Path) -> None:
    """Write the package, its common requirements and the metadata of an sdist, without its top folder.

    Not by extractall(): its ``filter`` is missing in Python 3.10.0 to 3.10.11 and 3.11.0 to 3.11.3.
    """
    with tarfile.open(archive) as tar:
        for member in tar:
            match = re.fullmatch(WANTED, member.name)
            file = tar.extractfile(member) if match and member.isfile() else None
            if match and file and ".." not in PurePosixPath(match[1]).parts:
                target = folder / match[1]
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(file.read())
