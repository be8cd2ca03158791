"""A second layer, of the other kind: a PluggableLayer. Never rendered.

tests/in_vllm puts it into a package, and a line for it into about.py.
"""

import os

from vllm.model_executor.layers.linear import RowParallelLinear


class MyRowParallelLinear(RowParallelLinear):
    def forward(self, x):
        output, *bias = super().forward(x)
        # What is multiplied shows that this runs.
        return output * float(os.environ.get("ROW_FACTOR", "1")), *bias
