"""Keep a Ray cluster of some nodes on this machine, and print its address, until the input ends.

The argument is JSON: for each node what its environment adds. Each offers one GPU, whether there is
one or not, so that vLLM places one worker on each.
"""

import json
import os
import sys
from tempfile import TemporaryDirectory

from ray.cluster_utils import Cluster

if __name__ == "__main__":
    original = os.environ | {"RAY_USAGE_STATS_ENABLED": "0"}
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
