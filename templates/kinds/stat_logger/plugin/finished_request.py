"""What is written about a request that has finished. Needs no vLLM."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    # For the audit, which says when one of the figures is lost.
    from vllm.v1.metrics.stats import FinishedRequestStats


def line_of(finished: "FinishedRequestStats", time: float) -> dict[str, Any]:
    """Return what is written about a request, under vLLM's own names, as one line of JSON.

    ``time`` is when it finished, in seconds since 1970; ``e2e_latency`` are the seconds since it
    arrived. This runs in a thread of its own, after the request was answered.
    """
    return {
        "time": time,
        "request_id": finished.request_id,
        "e2e_latency": finished.e2e_latency,
        "num_prompt_tokens": finished.num_prompt_tokens,
        "num_generation_tokens": finished.num_generation_tokens,
        # A number, whose text is its name, such as "stop" or "length".
        "finish_reason": str(finished.finish_reason),
    }
