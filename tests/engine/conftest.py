"""What the tests of the fixture engine share: a folder of plugins."""

from pathlib import Path

import pytest
from plugin_site import Site


@pytest.fixture
def site(tmp_path: Path) -> Site:
    site = Site(tmp_path)
    # One write, so that the lines of several processes never mix.
    site.module(
        "recorder",
        f"""
        import os

        def record(what):
            file = os.open({str(tmp_path / "calls")!r}, os.O_APPEND | os.O_CREAT | os.O_WRONLY)
            os.write(file, f"{{what}}\\n".encode())
            os.close(file)
        """,
    )
    return site
