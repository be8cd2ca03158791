"""What is written about a request that has finished."""

import json

from vllm.v1.engine import FinishReason
from vllm.v1.metrics.stats import FinishedRequestStats

from {{ cookiecutter.package_name }} import finished_request

FIGURES = {
    **{"request_id": "cmpl-1", "e2e_latency": 0.5},
    **{"num_prompt_tokens": 3, "num_generation_tokens": 16},
}


def test_a_line_has_the_figures_under_vllms_own_names():
    stats = FinishedRequestStats(FinishReason.LENGTH, **FIGURES)
    line = finished_request.line_of(stats, 12.5)
    assert json.loads(json.dumps(line)) == {"time": 12.5, "finish_reason": "length", **FIGURES}


def test_each_reason_is_written_by_its_name():
    lines = [finished_request.line_of(FinishedRequestStats(each), 0) for each in FinishReason]
    written = [line["finish_reason"] for line in lines]
    assert written == [each.name.lower() for each in FinishReason]
    assert {"stop", "length"} <= set(written)
