"""Measure what the plugin and the template cost, and keep it.

``python benchmarks/run.py [PART ...]`` measures some parts or all. It writes the figures into
results/benchmarks.json, all tables into results/benchmarks.md, those with a goal into
benchmarks/README.md, and a picture into results/growth.svg.
Parts: throughput, serving, startup, processes, parts, growth, rendering, green, suite.

With ``--tables`` it measures nothing, and writes the tables only. They call stale what was measured
on another state of the template or of the scripts that measure.

What needs vLLM runs in the newest supported one for CPU, or in the environment whose Python the
variable PYTHON_WITH_VLLM names: one for a GPU, for example.
"""

import datetime
import json
import os
import platform
import re
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from importlib.metadata import version
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "tools"))

import measures  # noqa: E402
import report  # noqa: E402
from shared import environments  # noqa: E402
from shared.rendering import SUPPORTED_VLLM, render_into, result_of, run, use_this_environment  # noqa: E402
from side_by_side import in_turns, row  # noqa: E402

ENGINES: dict[str, dict] = {
    "eager": {"enforce_eager": True},
    "compiled": {},
    "eager with tensor parallel 2": {"enforce_eager": True, "tensor_parallel_size": 2},
}
SERVERS = {
    "eager": ["--enforce-eager"],
    "compiled": [],
    "eager with tensor parallel 2": ["--enforce-eager", "--tensor-parallel-size", "2"],
}
# On a shared machine one sample may be off by several per cent, and the goal is one per cent.
ROUNDS, SERVING_ROUNDS, PARTS_ROUNDS, MEMORY_ROUNDS = 31, 7, 5, 2
STARTS = 3
# How many processes are started in each way.
FORKED, SPAWNED, TRACED = 30, 7, 3
VERSIONS = """
import json, platform, torch, vllm
versions = {"Python": platform.python_version(), "vLLM": vllm.__version__}
print(json.dumps(versions | {"torch": torch.__version__}))
"""


@contextmanager
def rendered_plugin(kind: str = "decoder") -> Iterator[tuple[Path, Path]]:
    """Give a temporary folder, and a folder in it with a plugin of some kind, from its wheel."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        project = render_into(folder, kind=kind)
        run(sys.executable, "-m", "build", "--wheel", "--installer", "uv", project)
        [wheel] = project.glob("dist/*.whl")
        run(sys.executable, "-m", "zipfile", "-e", wheel, folder / "installed")
        yield folder, folder / "installed"


def python_with_vllm() -> str:
    given = os.environ.get("PYTHON_WITH_VLLM")
    return given or str(environments.environment(SUPPORTED_VLLM[-1]) / "python")


def in_vllm(
    command: str, plugin: Path, *arguments: str | Path, script="in_vllm.py", **variables: str
) -> dict:
    """Run a command of a script where the plugin in a folder is installed; return its JSON."""
    with tempfile.TemporaryDirectory() as cache:
        settings = {
            "PYTHONPATH": str(plugin),
            "VLLM_CACHE_ROOT": cache,
            "VLLM_CPU_KVCACHE_SPACE": "1",
            "VLLM_NO_USAGE_STATS": "1",
            "HF_HUB_OFFLINE": "1",
            **variables,
        }
        line = [python_with_vllm(), HERE / script, command, *arguments]
        result = result_of(*line, env=os.environ | settings, limit=7200)
    if result.returncode:
        raise RuntimeError(result.stdout[-3000:] + result.stderr[-3000:])
    # After the JSON vLLM may print how its processes end.
    return json.loads([line for line in result.stdout.splitlines() if line.startswith("{")][-1])


def binding(workers: int) -> dict[str, str]:
    """Return the variables for an engine in this process, or for one with a worker on each core."""
    if workers == 1:
        return {"VLLM_ENABLE_V1_MULTIPROCESSING": "0"}
    return {"VLLM_CPU_OMP_THREADS_BIND": "|".join(map(str, range(workers)))}


def rows_of(where: str, case: str, samples: dict[str, dict[str, list]]) -> list[dict]:
    """Return the rows for rate and time to first token: the plugin's against the in-tree model's."""
    rows = []
    for key, name, unit, scale, goal in (
        ("rate", "tokens per second", "1/s", 1, "> 0.99"),
        ("first", "time to first token", "ms", 1000, "< 1.01"),
    ):
        values = {model: samples[model][key] for model in ("plugin", "in-tree")}
        rows.append(row(f"{name}, {where}", values, unit, scale, goal, case))
    return rows


def compare_code(one: list[str], other: list[str]) -> str:
    """Return whether the compiler has written the same files for the plugin and the in-tree model."""
    same = "the same for both" if one == other else "not the same for both"
    return f"The C++ that is compiled, {len(one)} files, is {same}, to the byte."


def offline(title: str, options: dict, plugin: Path, checkpoints: Path) -> tuple[list[dict], list]:
    """Return the rows for one kind of engine, and the files compiled for each of the two models."""
    models, alone = ("plugin", "in-tree"), {}

    def engine(rounds: int, *models: str) -> dict:
        variables = binding(options.get("tensor_parallel_size", 1))
        arguments = (str(rounds), json.dumps(options), *models)
        return in_vllm("throughput", plugin, checkpoints, *arguments, **variables)

    def peak_memory(model: str) -> float:
        alone[model] = engine(2, model)
        return alone[model]["peak memory"]

    result = engine(ROUNDS, *models)
    if result["tokens"]["plugin"] != result["tokens"]["in-tree"]:
        raise RuntimeError(f"{title}: the plugin and the in-tree model gave different tokens")
    rows = rows_of("offline", title, result["samples"])
    # One engine at a time, because the memory that two share cannot be told apart.
    memory = in_turns({model: partial(peak_memory, model) for model in models}, MEMORY_ROUNDS)
    rows.append(row("peak memory, offline", memory, "MiB", 2**-20, "< 1.01", title))
    return rows, [alone[model]["compiled files"] for model in models]


def throughput() -> dict:
    rows, code = [], "Compiled without C++."
    with rendered_plugin() as (folder, plugin):
        for title, options in ENGINES.items():
            found, files = offline(title, options, plugin, folder / "models")
            rows += found
            if files[0]:
                code = compare_code(*files)
    return {"rows": rows, "code": code}


def serving() -> dict:
    rows = []
    with rendered_plugin() as (folder, plugin):
        for title, arguments in SERVERS.items():
            variables = binding(2) if "--tensor-parallel-size" in arguments else {}
            given = (str(SERVING_ROUNDS), *arguments)
            result = in_vllm("serving", plugin, folder / "models", *given, **variables)
            rows += rows_of("served", title, result["samples"])
    return {"rows": rows}


def startup() -> dict:
    samples: dict[str, list[dict]] = {}
    with rendered_plugin() as (folder, plugin):
        # Writes the checkpoints.
        in_vllm("throughput", plugin, folder, "0", json.dumps(ENGINES["eager"]))
        nothing = folder / "nothing"
        cases = {
            "plugin": ("plugin", plugin),
            "in-tree without a plugin": ("in-tree", nothing),
            "in-tree beside the plugin": ("in-tree", plugin),
        }
        for number in range(STARTS):
            for case, (model, path) in cases.items():
                for cache in ("cold", "warm"):
                    variables = {
                        "VLLM_CACHE_ROOT": str(folder / f"cache {case} {number}"),
                        "VLLM_ENABLE_V1_MULTIPROCESSING": "0",
                    }
                    taken = in_vllm("startup", path, folder / model, **variables)
                    samples.setdefault(f"{case}, {cache}", []).append(taken)
    rows = []
    for cache in ("cold", "warm"):
        for step in samples[f"plugin, {cache}"][0]:
            times = {case: [taken[step] for taken in samples[f"{case}, {cache}"]] for case in cases}
            # The sum has no goal, but README shows it.
            name, goal = f"start of an engine: {step}", "–" if step == "together" else ""
            rows.append(row(name, times, "ms", 1000, goal, f"{cache} capability cache"))
    return {"rows": rows}


def processes() -> dict:
    counts = map(str, (FORKED, SPAWNED, TRACED))
    with rendered_plugin() as (folder, plugin):
        samples = in_vllm("processes", Path(), plugin, folder, *counts)["samples"]
    rows = []
    for how in ("spawned", "forked"):
        for step in ("discovery", "import", "register", "import and register"):
            times = {
                package: [sum(taken[each] for each in step.split(" and ")) for taken in values]
                for package, values in samples[how].items()
            }
            # Discovery is vLLM's, and takes the same time for every plugin.
            goal = "< 1 ms" if (how, step) == ("spawned", "import and register") else ""
            rows.append(row(f"per {how} process: {step}", times, "ms", 1000, goal))
    traced = {package: [t["bytes"] for t in v] for package, v in samples["traced"].items()}
    rows.append(row("per process: memory", traced, "KiB", 1 / 1024))
    imported = {
        package: values[0]["imported by the package"]
        for package, values in samples["spawned"].items()
    }
    return {"rows": rows, "imported by the package": imported}


def part_in_vllm(
    kind: str, plugin: Path, folder: Path, rounds: int, *more: str, processes: str = "0"
) -> dict:
    """Run a command of parts_in_vllm.py, which installs the plugin in a folder itself."""
    variables = {
        "VLLM_ENABLE_V1_MULTIPROCESSING": processes,
        # What was compiled for one engine would be taken for the other, whose layers are not in
        # vLLM's key.
        "VLLM_DISABLE_COMPILE_CACHE": "1",
        "STRICT_VLLM_PLUGINS": "1",
    }
    given = [str(folder), str(plugin), str(rounds), *more]
    return in_vllm(kind, Path(), *given, script="parts_in_vllm.py", **variables)


# The kinds of engine with which a part is measured that computes within a model.
ENGINES_OF_PARTS = {title: json.dumps(ENGINES[title]) for title in ("eager", "compiled")}


def cost_of_layer_swap(plugin: Path, folder: Path) -> list[dict]:
    rows = []
    for case in ENGINES_OF_PARTS.items():
        rows += part_in_vllm("layer_swap", plugin, folder, PARTS_ROUNDS, *case)["rows"]
    return rows


def cost_of_quantization(plugin: Path, folder: Path) -> list[dict]:
    rows, weights = [], {}
    for title, options in ENGINES_OF_PARTS.items():
        result = part_in_vllm("quantization", plugin, folder, PARTS_ROUNDS, options)
        rows.append(
            row("tokens per second, weights in int8", result["samples"], "1/s", 1, "–", title)
        )
        weights = result["weights"]

    def peak_memory(name: str) -> float:
        options = ENGINES_OF_PARTS["eager"]
        return part_in_vllm("quantization", plugin, folder, 1, options, name)["peak memory"]

    # They are the same in each round.
    held = {name: [weights[name]] * MEMORY_ROUNDS for name in weights}
    rows.append(row("memory of weights in int8", held, "MiB", 2**-20, "–"))
    # One engine at a time, as in offline().
    alone = {name: partial(peak_memory, name) for name in weights}
    rows.append(
        row("peak memory, weights in int8", in_turns(alone, MEMORY_ROUNDS), "MiB", 2**-20, "–")
    )
    return rows


def cost_of_kv_connector(plugin: Path, folder: Path) -> list[dict]:
    # An engine each: a process that has a connector asks it for all of its engines.
    return part_in_vllm("kv_connector", plugin, folder, PARTS_ROUNDS, processes="1")["rows"]


def cost_of(kind: str, plugin: Path, folder: Path) -> list[dict]:
    return part_in_vllm(kind, plugin, folder, PARTS_ROUNDS)["rows"]


# What measures a kind of part; it gets the folder of an installed plugin, and one for checkpoints.
COSTS: dict[str, Callable[[Path, Path], list[dict]]] = {
    "logits_processor": partial(cost_of, "logits_processor"),
    "layer_swap": cost_of_layer_swap,
    "tool_parser": partial(cost_of, "tool_parser"),
    "stat_logger": partial(cost_of, "stat_logger"),
    "kv_connector": cost_of_kv_connector,
    "quantization": cost_of_quantization,
}


def parts() -> dict:
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for kind, measure in COSTS.items():
            with rendered_plugin(kind) as (_, plugin):
                rows += measure(plugin, Path(folder))
    return {"rows": rows}


PARTS = {
    "throughput": throughput,
    "serving": serving,
    "startup": startup,
    "processes": processes,
    "parts": parts,
    "growth": measures.growth,
    "rendering": measures.rendering,
    "green": measures.green,
    "suite": measures.suite,
}


def about(part: str) -> dict:
    """Return when, on what and with what a part is measured; to be called before it is."""
    load = round(os.getloadavg()[0], 1)
    versions = {"Python": platform.python_version(), "cookiecutter": version("cookiecutter")}
    if part in report.WITH_VLLM:
        versions = json.loads(run(python_with_vllm(), "-c", VERSIONS).stdout.splitlines()[-1])
    processor = Path("/proc/cpuinfo")
    names = re.findall(r"model name\s*: (.+)", processor.read_text()) if processor.exists() else []
    return {
        "date": datetime.date.today().isoformat(),
        **versions,
        "on": f"{platform.system()} {platform.machine()}, {(names or ['unknown processor'])[0]}",
        "cores": os.cpu_count(),
        "load at the start": load,
        "digest": report.digest_of(part),
    }


def main(parts: list[str]) -> int:
    if parts == ["--tables"]:
        report.write_tables(report.read())
        return 0
    unknown = [part for part in parts if part not in PARTS]
    if unknown:
        print(f"{unknown[0]!r} is not a part. The parts are: {', '.join(PARTS)}")
        return 2
    results = report.read()
    for part in parts or PARTS:
        circumstances = about(part)
        results[part] = PARTS[part]() | {"about": circumstances}
        report.write({name: results[name] for name in PARTS if name in results})
    return 0


if __name__ == "__main__":
    use_this_environment()
    sys.exit(main(sys.argv[1:]))
