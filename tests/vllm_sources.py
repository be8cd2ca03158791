"""The source of every vLLM release since 0.10.0: sdists from the package registry, in .cache/."""

import os
import re
import tarfile
import urllib.parse
import urllib.request
from pathlib import Path

from helpers import ROOT

SOURCES = ROOT / ".cache" / "sources"
OLDEST = (0, 10, 0)


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
        urllib.request.urlretrieve(address, archive)
        unpacked = SOURCES / f"{version}.unpacking"
        with tarfile.open(archive) as tar:
            wanted = r"[^/]+/(vllm/.*\.(py|json)|PKG-INFO)"
            members = [member for member in tar if re.fullmatch(wanted, member.name)]
            tar.extractall(unpacked, members, filter="data")
        [top] = unpacked.iterdir()
        top.rename(folder)
        unpacked.rmdir()
        archive.unlink()
    return folder
