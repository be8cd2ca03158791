"""Keep a Ray cluster of some nodes on this machine, and print its address, until the input ends.

The argument is JSON: for each node what its environment adds. Each offers one GPU, whether there is
one or not, so that vLLM places one worker on each.
"""

import json
import os
import sys
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from ray.cluster_utils import Cluster


def shared_memory() -> set[Path]:
    """Return what vLLM's workers and the queues between them have in memory, under a name."""
    return {path for name in ("*-cpushm_*", "psm_*") for path in Path("/dev/shm").glob(name)}


def remove_unused(segments: set[Path]) -> None:
    """Remove the segments that no process uses any more."""
    used = ""
    for maps in Path("/proc").glob("[0-9]*/maps"):
        with suppress(OSError):
            used += maps.read_text()
    for segment in segments:
        if str(segment) not in used:
            segment.unlink(missing_ok=True)


if __name__ == "__main__":
    original = os.environ | {"RAY_USAGE_STATS_ENABLED": "0"}
    before = shared_memory()
    # The paths of Ray's sockets may have 107 characters, and pytest's folder takes most of them.
    with TemporaryDirectory(dir="/tmp") as folder:
        cluster = Cluster()
        try:
            for settings in json.loads(sys.argv[1]):
                os.environ.clear()
                os.environ.update(original | settings | {"RAY_TMPDIR": folder})
                cluster.add_node(num_cpus=1, num_gpus=1, include_dashboard=False)
            print(cluster.address, flush=True)
            sys.stdin.read()
        finally:
            cluster.shutdown()
            # vLLM kills its workers in Ray, and leaves theirs. vLLM 0.27.1 takes the same names the
            # next time, and fails.
            remove_unused(shared_memory() - before)
