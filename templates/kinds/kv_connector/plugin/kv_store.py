"""The store: a folder with one file for each block of KV. Needs neither vLLM nor torch.

Several servers may use one folder at the same time, and any file may be deleted at any time.
"""

import hashlib
import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

# What kv_connector_extra_config may have.
FOLDER = "folder"


class Damaged(Exception):
    """A file does not hold what was put into the store under its key."""


def folder_in(settings: Mapping[str, Any], writes: bool) -> Path:
    """Return the store's folder, from kv_connector_extra_config; make it if it is to be written.

    Raises ValueError for a setting that there is not, and for a folder that cannot be used.
    """
    if unknown := sorted(settings.keys() - {FOLDER}):
        raise ValueError(
            f"kv_connector_extra_config has {', '.join(unknown)}, and this connector has only "
            f"{FOLDER}. Cure: leave out what it does not have, or implement it."
        )
    name = settings.get(FOLDER)
    if not (isinstance(name, str) and name):
        raise ValueError(
            f"{FOLDER} in kv_connector_extra_config is {name!r}. Cure: name a folder for the KV."
        )
    folder = Path(name).absolute()
    try:
        if writes:
            # What stands in it was computed from prompts, which may be private.
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            tempfile.TemporaryFile(dir=folder).close()
        else:
            os.scandir(folder).close()
    except OSError as error:
        use = "written" if writes else "read"
        raise ValueError(
            f"{FOLDER} in kv_connector_extra_config is {name!r}, which cannot be {use}: "
            f"{error.strerror}. Cure: name a folder in which vLLM's processes may do that."
        ) from error
    return folder


def block_keys(
    scope: str, tokens: Sequence[int], block_size: int, salt: str | None = None
) -> list[str]:
    """Return the key of each full block of ``tokens``, in order.

    A key stands for all tokens up to the end of its block: the KV of a token depends on those before
    it. ``scope`` is a hash of what else makes KV differ, and ``salt`` keeps requests apart.
    """
    key, keys = hash_of(scope, block_size, salt), []
    for end in range(block_size, len(tokens) + 1, block_size):
        key = hash_of(key, *tokens[end - block_size : end])
        keys.append(f"{scope[:16]}/{key}")
    return keys


def hash_of(*parts: Any) -> str:
    """Return a hash of what JSON can write, as 64 hexadecimal digits."""
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


class KVStore:
    """Files with a checksum, each written at once or not at all.

    ``layout`` is a text that says what the bytes are: read with another one, a file is damaged.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, key: str) -> Path:
        return self.folder / f"{key}.kv"

    def has(self, key: str) -> bool:
        """Tell whether there is a file; whether it is whole, only ``get`` tells."""
        return self.path(key).exists()

    def get(self, key: str, layout: str) -> bytes:
        """Return what was put under a key.

        Raises OSError if that cannot be read, and Damaged if it is not what was put; the file is
        deleted then, so that it is written anew.
        """
        path = self.path(key)
        held = path.read_bytes()
        length = len(checksum(key, layout, b""))
        if held[:length] != checksum(key, layout, held[length:]):
            path.unlink(missing_ok=True)
            raise Damaged(f"{path} is damaged")
        return held[length:]

    def put(self, key: str, layout: str, data: bytes) -> None:
        """Write data under a key. Raises OSError, and leaves no part of a file then."""
        path = self.path(key)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Nobody sees a file under its name before it is whole. It is not flushed to the disk: what
        # a loss of power leaves of it does not have its checksum.
        descriptor, temporary = tempfile.mkstemp(dir=path.parent)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(checksum(key, layout, data) + data)
            os.replace(temporary, path)
        except BaseException:
            os.unlink(temporary)
            raise


def checksum(key: str, layout: str, data: bytes) -> bytes:
    """Return 32 bytes that fit only this data, with this layout, under this key."""
    return hashlib.sha256(json.dumps([key, layout]).encode() + data).digest()
