"""What each part of a plugin adds: measured in an environment with real vLLM, against vLLM's own.

``python parts_in_vllm.py COMMAND ARGUMENT ...`` prints JSON. A command is a kind of part, and takes a
folder for checkpoints, the folder of an installed plugin, which is not on sys.path yet, and the number
of rounds. It gives "rows", as row() makes them. All raise RuntimeError where the two sides did not do
the same work: then a ratio would mean nothing.
"""

import importlib
import itertools
import json
import os
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from in_vllm import (
    NEW_TOKENS,
    PROMPT_TOKENS,
    SETTINGS,
    VOCABULARY,
    add_tokenizer,
    number_of_prompts,
    peak_memory,
    prompts_of,
    save,
    seconds_and_outputs,
    tokens_in,
)
from side_by_side import in_turns, row

EAGER = {"enforce_eager": True}


def agree(what: str, found: object, expected: object) -> None:
    """Raise RuntimeError unless two things that decide whether a ratio means anything are equal."""
    if found != expected:
        texts = f"{found!r:.200}", f"{expected!r:.200}"
        raise RuntimeError(f"{what}: {texts[0]} was found, and {texts[1]} must be there")


def install(plugin: str) -> str:
    """Put a plugin on sys.path and register it; return its package.

    Until now vLLM must not have been able to find it.
    """
    [about] = Path(plugin).glob("*/about.py")
    package = about.parent.name
    agree(f"where {package} is before it is installed", find_spec(package), None)
    sys.path.insert(0, plugin)
    importlib.invalidate_caches()
    importlib.import_module(package).register()
    return package


def class_in(package: str, table: str) -> type:
    """Return the class of the only line in a table of a package's about.py."""
    [reference] = getattr(importlib.import_module(f"{package}.about"), table).values()
    module, _, name = reference.partition(":")
    return getattr(importlib.import_module(f"{package}.{module}"), name)


def engine(checkpoint: Path, **options):
    """Make an engine in this process."""
    os.environ.setdefault("VLLM_LOGGING_LEVEL", "WARNING")
    from vllm import LLM

    return LLM(str(checkpoint), skip_tokenizer_init=True, **(SETTINGS | options))


def layers_in(checkpoint: Path) -> int:
    """Return how many decoder layers the model of a checkpoint has."""
    return json.loads((checkpoint / "config.json").read_text())["num_hidden_layers"]


def rate(llm, prompts: list, new_tokens: int, **sampling) -> float:
    """Let an engine generate; return tokens per second."""
    seconds, _ = seconds_and_outputs(llm, prompts, new_tokens, **sampling)
    return len(prompts) * new_tokens / seconds


# Logits processor: an engine made before vLLM could find the plugin, and one made after

BATCHES = {"1 request": 1, "32 requests": 32}
# Short, because a logits processor is called for each new token, and not for those of the prompt.
SHORT_PROMPT = 8
# With random weights about half of all tokens are as likely as this, so that each row is edited.
THRESHOLD = 1 / VOCABULARY


def logits_processor(folder: str, plugin: str, rounds: str) -> dict:
    checkpoint = save(Path(folder), "in-tree")
    without = engine(checkpoint, **EAGER)
    package = install(plugin)
    having = engine(checkpoint, **EAGER)
    agree("the model runner with the plugin", runner_of(having), runner_of(without))
    rows = []
    for case, requests in BATCHES.items():
        given = prompts_of(requests, SHORT_PROMPT), NEW_TOKENS
        asking = {"extra_args": {package: THRESHOLD}}
        sides: dict[str, tuple] = {
            "idle": (having, {}),
            "active": (having, asking),
            "without": (without, {}),
        }
        tokens = {
            side: tokens_in(seconds_and_outputs(llm, *given, **more)[1])
            for side, (llm, more) in sides.items()
        }
        agree(f"the tokens of {case}, none of which asks", tokens["idle"], tokens["without"])
        pairs = zip(tokens["active"], tokens["without"], strict=True)
        edited = sum(one != other for one, other in pairs)
        agree(f"how many of {case}, all of which ask, have other tokens", edited, requests)
        what = {side: partial(rate, llm, *given, **more) for side, (llm, more) in sides.items()}
        samples = in_turns(what, int(rounds))
        for state, goal in (("idle", "> 0.99"), ("active", "–")):
            name = f"tokens per second, logits processor {state}"
            values = {"plugin": samples[state], "no plugin": samples["without"]}
            rows.append(row(name, values, "1/s", 1, goal, case))
    return {"rows": rows}


def runner_of(llm) -> str:
    """Return which of vLLM's model runners an engine has."""
    [found] = llm.collective_rpc(lambda worker: str(type(worker.model_runner)))
    return found


# Layer swap: an engine made before register() ran, and one made after


def layer_swap(folder: str, plugin: str, rounds: str, case: str, options: str) -> dict:
    """Measure one kind of engine: ``case`` is its name, and ``options`` are JSON for vLLM's LLM."""
    from vllm.model_executor.layers.layernorm import RMSNorm

    checkpoint = save(Path(folder), "in-tree")
    original, compiled_for_one = counting_compilations(checkpoint, json.loads(options))
    package = install(plugin)
    swapped, compiled_for_other = counting_compilations(checkpoint, json.loads(options))
    # What was compiled for the one must not run in the other.
    agree(f"{case}: how many graphs were compiled", compiled_for_other, compiled_for_one)
    agree(f"{case}: whether anything was compiled", compiled_for_one > 0, case == "compiled")
    mine, layers = class_in(package, "LAYERS"), 2 * layers_in(checkpoint) + 1
    agree(f"{case}: norms of vLLM and the plugin", norms_in(original, RMSNorm, mine), (layers, 0))
    agree(f"{case}: replaced norms", norms_in(swapped, RMSNorm, mine), (0, layers))
    prompts = prompts_of(number_of_prompts(), PROMPT_TOKENS)
    sides = {"plugin": swapped, "vLLM's layer": original}
    what = {side: partial(rate, llm, prompts, NEW_TOKENS) for side, llm in sides.items()}
    in_turns(what, 1)
    samples = in_turns(what, int(rounds))
    return {"rows": [row("tokens per second, layer swap", samples, "1/s", 1, "–", case)]}


def counting_compilations(checkpoint: Path, options: dict) -> tuple:
    """Make an engine; return it, and how many graphs the compiler was given for it."""
    from torch._dynamo.utils import counters

    before = counters["stats"]["unique_graphs"]
    llm = engine(checkpoint, **options)
    return llm, counters["stats"]["unique_graphs"] - before


def norms_in(llm, *classes: type) -> tuple[int, ...]:
    """Return how many layers of a model are of each class, and of none derived from it."""
    [found] = llm.apply_model(lambda model: Counter(type(layer) for layer in model.modules()))
    return tuple(found[each] for each in classes)


# Tool parser: the same call in the plugin's grammar, and in one of vLLM's that is like it

# What is between the markers is the same.
GRAMMARS = {"plugin": ("<call>", "</call>"), "hermes": ("<tool_call>", "</tool_call>")}
ARGUMENTS = {"a short call": 2, "a long call": 40}
# As many characters as a token has.
PIECE = 4
STREAMS = 20


def tool_parser(folder: str, plugin: str, rounds: str) -> dict:
    from transformers import PreTrainedTokenizerFast
    from vllm.tool_parsers import ToolParserManager

    package = install(plugin)
    add_tokenizer(Path(folder))
    tokenizer = PreTrainedTokenizerFast.from_pretrained(folder)
    names = {"plugin": package, "hermes": "hermes"}
    makers = {
        side: partial(ToolParserManager.get_tool_parser(name), tokenizer, [])
        for side, name in names.items()
    }
    rows = []
    for case, count in ARGUMENTS.items():
        call = {"name": "look_up", "arguments": {f"field_{n}": f"value {n}" for n in range(count)}}
        text = json.dumps(call)
        middle = [text[at : at + PIECE] for at in range(0, len(text), PIECE)]
        pieces = {side: [start, *middle, end] for side, (start, end) in GRAMMARS.items()}
        for side, make in makers.items():
            _, deltas = stream(make(), pieces[side])
            agree(f"what {side} finds in {case}", call_in(deltas), call)
        what = {side: partial(per_delta, make, pieces[side]) for side, make in makers.items()}
        samples = in_turns(what, int(rounds))
        title = f"{case} of {len(middle) + 2} deltas"
        rows.append(row("time per streamed delta, tool parser", samples, "µs", 1e6, "–", title))
    return {"rows": rows}


def stream(parser, pieces: list[str]) -> tuple[float, list]:
    """Feed pieces to a parser, as vLLM's server does; return the seconds in it, and the deltas."""
    seconds, text, deltas = 0.0, "", []
    for number in range(len(pieces)):
        piece, before, tokens = pieces[number], text, [2] * (number + 1)
        text += piece
        start = time.perf_counter()
        delta = parser.extract_tool_calls_streaming(
            before, text, piece, tokens[:-1], tokens, tokens[-1:], None
        )
        seconds += time.perf_counter() - start
        deltas.append(delta)
    return seconds, [delta for delta in deltas if delta is not None]


def per_delta(make: Callable, pieces: list[str]) -> float:
    """Return the seconds per delta of several streams, each with a parser of its own."""
    return sum(stream(make(), pieces)[0] for _ in range(STREAMS)) / STREAMS / len(pieces)


def call_in(deltas: list) -> dict:
    """Return the call that streamed deltas make, of which there must be one, and no text."""
    agree("the text beside a call", [delta.content for delta in deltas if delta.content], [])
    functions = [call.function for delta in deltas for call in delta.tool_calls]
    name = "".join(function.name or "" for function in functions)
    arguments = "".join(function.arguments or "" for function in functions)
    return {"name": name, "arguments": json.loads(arguments)}


# Stat logger: what vLLM waits for after a step, against its own logger for the console

STAT_REQUESTS, STAT_TOKENS = 32, 16
# How often the steps of one run are told to each logger in one round.
TIMES = 10
PATIENCE = 60


def stat_logger(folder: str, plugin: str, rounds: str) -> dict:
    from vllm.v1.metrics.loggers import LoggingStatLogger

    llm = engine(save(Path(folder), "in-tree"), disable_log_stats=False, **EAGER)
    steps: list[dict] = []
    # vLLM's own objects, as it gives them to its loggers.
    llm.llm_engine.logger_manager.record = lambda **told: steps.append(told)
    prompts = prompts_of(STAT_REQUESTS, SHORT_PROMPT)
    rate(llm, prompts, STAT_TOKENS)
    told = list(steps)
    finished = sum(len(step["iteration_stats"].finished_requests) for step in told)
    agree("the requests that finish in the recorded steps", finished, STAT_REQUESTS)

    package = install(plugin)
    lines = Path(folder, "stats")
    os.environ[f"STATS_OF_{package.upper()}"] = str(lines)
    config = llm.llm_engine.vllm_config
    mine, vllms = class_in(package, "STAT_LOGGERS")(config, 0), LoggingStatLogger(config, 0)
    expected = itertools.count(lines_in(lines) + TIMES * finished, TIMES * finished)

    def of_mine() -> float:
        seconds = seconds_to_tell(mine, told)
        # Its thread writes now, and must not be in the way of what is measured next.
        wait_for_lines(lines, next(expected))
        return seconds

    def of_an_engine() -> float:
        steps.clear()
        return STAT_REQUESTS * STAT_TOKENS / rate(llm, prompts, STAT_TOKENS) / len(steps)

    what: dict[str, Callable[[], float]] = {
        "plugin": of_mine,
        "LoggingStatLogger": partial(seconds_to_tell, vllms, told),
        "the engine's step": of_an_engine,
    }
    samples = in_turns(what, int(rounds))
    tokens = STAT_REQUESTS * STAT_TOKENS * TIMES * int(rounds)
    agree("the tokens that LoggingStatLogger counts", vllms.num_generation_tokens, tokens)
    return {"rows": [row("time per step, stat logger", samples, "µs", 1e6, "–")]}


def seconds_to_tell(logger, told: list[dict]) -> float:
    """Tell a stat logger the steps of a run several times; return the seconds per step."""
    start = time.perf_counter()
    for _ in range(TIMES):
        for step in told:
            logger.record(**step)
    return (time.perf_counter() - start) / TIMES / len(told)


def wait_for_lines(folder: Path, count: int) -> None:
    """Wait until the files of a folder have so many lines. RuntimeError if they get another number."""
    end = time.monotonic() + PATIENCE
    while (found := lines_in(folder)) < count and time.monotonic() < end:
        time.sleep(0.01)
    agree("the lines about requests that the stat logger writes", found, count)


def lines_in(folder: Path) -> int:
    return sum(file.read_bytes().count(b"\n") for file in folder.glob("*.jsonl"))


# KV connector: what a hit saves, and what a miss costs

# Full blocks and one more token, for which vLLM computes what it samples from.
LONG_PROMPT = 513
HIT_TOKENS, MISSES = 8, 4


def kv_connector(folder: str, plugin: str, rounds: str) -> dict:
    checkpoint, store = save(Path(folder), "in-tree"), Path(folder, "kv_store")
    # vLLM asks a connector only if its own prefix cache is on.
    options: dict[str, Any] = EAGER | {"max_model_len": 1024, "enable_prefix_caching": True}
    # In bfloat16 two tokens are often nearly equally likely. There an engine with a connector was seen
    # to choose another than one without, also if it had loaded nothing.
    options |= {"dtype": "float32"}
    without = engine(checkpoint, **options)
    transfer = {
        "kv_connector": install(plugin),
        "kv_role": "kv_both",
        "kv_load_failure_policy": "recompute",
        "kv_connector_extra_config": {"folder": str(store)},
    }
    having = engine(checkpoint, kv_transfer_config=transfer, **options)
    size = having.llm_engine.vllm_config.cache_config.block_size
    blocks = LONG_PROMPT // size
    agree("the tokens of a prompt after its full blocks", LONG_PROMPT - blocks * size, 1)
    known, others = prompt_number(0), map(prompt_number, itertools.count(1))

    def in_the_store(new_tokens: int = 1) -> tuple[float, list]:
        settle(having)
        return ask(having, known, new_tokens, cached=blocks * size)

    def in_vllms_cache(new_tokens: int = 1) -> tuple[float, list]:
        return ask(without, known, new_tokens, cached=blocks * size)

    def recomputed() -> tuple[float, list]:
        settle(having)
        return ask(having, next(others), 1, cached=0)

    for llm in (without, having):
        ask(llm, known, 1, cached=0)
    # Not with a recomputed prompt: to compute all tokens at once rounds in another way.
    agree("the tokens after a hit", in_the_store(HIT_TOKENS)[1], in_vllms_cache(HIT_TOKENS)[1])
    ways = {
        "plugin": in_the_store,
        "recomputed": recomputed,
        "vLLM's prefix cache": in_vllms_cache,
    }
    what: dict[str, Callable] = {side: lambda way=way: way()[0] for side, way in ways.items()}
    hits = in_turns(what, int(rounds))

    tokens: dict[str, list] = {"plugin": [], "no plugin": []}
    numbers = {side: itertools.count(10**6) for side in tokens}

    def missing(side: str, llm) -> float:
        settle(llm)
        prompts, before = (
            [prompt_number(next(numbers[side])) for _ in range(MISSES)],
            files_in(store),
        )
        start = time.perf_counter()
        for prompt in prompts:
            tokens[side].append(ask(llm, prompt, HIT_TOKENS, cached=0)[1])
        # vLLM saves the KV of a request in the step after its last, which is the next request's.
        seconds_and_outputs(llm, NOT_STORED, 1)
        seconds = time.perf_counter() - start
        saved = MISSES * blocks if side == "plugin" else 0
        agree(f"the blocks that are saved with {side}", files_in(store) - before, saved)
        return seconds / MISSES

    sides = {"plugin": having, "no plugin": without}
    misses = in_turns(
        {side: partial(missing, side, llm) for side, llm in sides.items()}, int(rounds)
    )
    agree("the tokens after a miss", tokens["plugin"], tokens["no plugin"])
    return {
        "rows": [
            row("time to first token, KV connector, prompt in its store", hits, "ms", 1000, "–"),
            row("time per request, KV connector, prompt not in its store", misses, "ms", 1000, "–"),
        ]
    }


# Shorter than a block.
NOT_STORED = [{"prompt_token_ids": [1, 2, 3]}]


def prompt_number(number: int) -> list:
    """Return a long prompt that has no block in common with one of another number."""
    tokens = random.Random(number).choices(range(1, VOCABULARY), k=LONG_PROMPT)
    return [{"prompt_token_ids": tokens}]


def ask(llm, prompt: list, new_tokens: int, cached: int) -> tuple[float, list]:
    """Ask for tokens after a prompt, of which so many are in a cache; return the seconds, and them."""
    seconds, outputs = seconds_and_outputs(llm, prompt, new_tokens)
    agree("the tokens of the prompt that were not computed", outputs[0].num_cached_tokens, cached)
    return seconds, tokens_in(outputs)


def settle(llm) -> None:
    """Let an engine save what it has computed, and empty its own prefix cache."""
    seconds_and_outputs(llm, NOT_STORED, 1)
    agree("whether vLLM's prefix cache is empty", llm.reset_prefix_cache(), True)


def files_in(store: Path) -> int:
    return sum(1 for _ in store.rglob("*.kv"))


# Quantization: a checkpoint in int8 that the plugin's own script made of one in floating point


def quantization(folder: str, plugin: str, rounds: str, options: str, *names: str) -> dict:
    """Measure an engine for "int8" and one for "float", or one of them, in this process.

    ``options`` are JSON for vLLM's LLM. Gives "samples" (for each name tokens per second, one figure
    a round), "weights" (for each name bytes) and "peak memory" (bytes).
    """
    package = install(plugin)
    checkpoints = {"int8": Path(folder, "int8"), "float": save(Path(folder), "in-tree")}
    if not checkpoints["int8"].exists():
        script = [sys.executable, "-m", f"{package}.quantize_checkpoint"]
        command = [*script, str(checkpoints["float"]), str(checkpoints["int8"])]
        settings = os.environ | {"PYTHONPATH": plugin}
        subprocess.run(command, env=settings, check=True, stdout=sys.stderr, timeout=600)
    prompts, what = prompts_of(number_of_prompts(), PROMPT_TOKENS), {}
    for name in names or checkpoints:
        llm = engine(checkpoints[name], **json.loads(options))
        [found] = llm.apply_model(int8_layers_in)
        # vLLM holds q, k and v as one, and gate and up.
        layers = 4 * layers_in(checkpoints["float"]) if name == "int8" else 0
        agree(f"the layers of {name} in int8", found, layers)
        what[name] = partial(rate, llm, prompts, NEW_TOKENS)
    in_turns(what, 1)
    return {
        "samples": in_turns(what, int(rounds)),
        # First, since to read the checkpoints takes memory too.
        "peak memory": peak_memory(),
        "weights": {name: bytes_in(checkpoint) for name, checkpoint in checkpoints.items()},
    }


def int8_layers_in(model) -> int:
    return sum(str(each.dtype) == "torch.int8" for each in model.parameters())


def bytes_in(checkpoint: Path) -> int:
    """Return how many bytes the weights of a checkpoint have.

    Not those of the model's parameters: on a CPU vLLM packs some weights, and drops the parameter.
    """
    from safetensors.torch import load_file

    tensors = [
        each for file in checkpoint.glob("*.safetensors") for each in load_file(file).values()
    ]
    return sum(each.nbytes for each in tensors)


COMMANDS: dict[str, Callable[..., dict]] = {
    function.__name__: function
    for function in (
        logits_processor,
        layer_swap,
        tool_parser,
        stat_logger,
        kv_connector,
        quantization,
    )
}


if __name__ == "__main__":
    command, *arguments = sys.argv[1:]
    print(json.dumps(COMMANDS[command](*arguments)))
