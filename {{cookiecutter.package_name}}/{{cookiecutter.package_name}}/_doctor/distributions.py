"""Where a distribution keeps its metadata, and where its package should be."""

import json
import re
from importlib import metadata
from pathlib import Path
from urllib.parse import urlparse
from urllib.request import url2pathname

from .installers import PACKAGE

GROUP = "vllm.general_plugins"


def is_ours(name: str | None) -> bool:
    """Tell whether a file of metadata, an entry point's value or a "module:Class" is ours."""
    return re.split("[-.:]", name or "")[0].lower() == PACKAGE.lower()


def is_remnant(file: Path) -> bool:
    name = file.name.replace("-", "_")
    return name == f"{PACKAGE}.egg_link" or (name.startswith("__editable__") and PACKAGE in name)


def metadata_folder(dist: metadata.Distribution) -> Path:
    """Return the folder that holds the metadata of a distribution, as NAME-1.0.dist-info."""
    return Path(str(getattr(dist, "_path", dist.locate_file("")))).resolve()


def source_folder(dist: metadata.Distribution) -> Path:
    """Return the folder in which, or below which, the package of a distribution should be."""
    origin = json.loads(dist.read_text("direct_url.json") or "{}")
    if origin.get("dir_info", {}).get("editable"):
        return Path(url2pathname(urlparse(origin["url"]).path)).resolve()
    return Path(str(dist.locate_file(""))).resolve()
