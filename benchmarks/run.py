"""Measure what the plugin and the template cost, and keep it.

``python benchmarks/run.py [PART ...]`` runs some parts or all, and writes results.json, README.md
and growth.svg beside this file. Parts: throughput, serving, startup, processes, growth, rendering,
green, suite. With ``--tables`` it measures nothing, and writes the tables only, which call stale
what was measured on another state of the template or of the part's script. What needs vLLM runs in the newest supported one for CPU, or in the environment whose
Python the variable PYTHON_WITH_VLLM names: one for a GPU, for example.
"""

import datetime
import json
import os
import platform
import re
import sys
import tempfile
from functools import partial
from importlib.metadata import version
from pathlib import Path

import green
import growth
import rendering
import suite
from measure import in_turns, row

HERE = Path(__file__).parent
RESULTS = HERE / "results.json"
ROOT = HERE.parent
sys.path.insert(0, str(ROOT / "tools"))

from shared import environments  # noqa: E402
from shared.freshness import RENDERED, STALE, digest, marked  # noqa: E402
from shared.rendering import SUPPORTED_VLLM, render_into, result_of, run, use_this_environment  # noqa: E402

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
# A second more or less on a shared machine is several per cent of one sample, and the goal is one.
ROUNDS, SERVING_ROUNDS, MEMORY_ROUNDS = 31, 7, 2
STARTS = 3


def rendered_plugin(folder: Path) -> Path:
    """Render the default plugin, unpack its wheel, and return the folder."""
    project = render_into(folder)
    run(sys.executable, "-m", "build", "--wheel", "--installer", "uv", project)
    [wheel] = project.glob("dist/*.whl")
    run(sys.executable, "-m", "zipfile", "-e", wheel, folder / "installed")
    return folder / "installed"


def python_with_vllm() -> str:
    given = os.environ.get("PYTHON_WITH_VLLM")
    return given or str(environments.environment(SUPPORTED_VLLM[-1]) / "python")


def in_vllm(script: str, plugin: Path, *arguments: str, **environment: str) -> dict:
    """Run a script beside this one with vLLM; return the JSON that it prints."""
    with tempfile.TemporaryDirectory() as cache:
        settings = {
            "PYTHONPATH": str(plugin),
            "VLLM_CACHE_ROOT": cache,
            "VLLM_CPU_KVCACHE_SPACE": "1",
            "VLLM_NO_USAGE_STATS": "1",
            "HF_HUB_OFFLINE": "1",
            **environment,
        }
        command = [python_with_vllm(), HERE / script, *arguments]
        result = result_of(*command, env=os.environ | settings, limit=7200)
    if result.returncode:
        raise RuntimeError(result.stdout[-3000:] + result.stderr[-3000:])
    # Behind it vLLM may say how its processes end.
    return json.loads([line for line in result.stdout.splitlines() if line.startswith("{")][-1])


def processes() -> dict:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        plugin = rendered_plugin(folder)
        samples = in_vllm("processes.py", Path(), "main", str(plugin), str(folder))["samples"]
    rows = []
    for how in ("spawned", "forked"):
        for step in ("discovery", "import", "register", "import and register"):
            times = {
                package: [sum(taken[each] for each in step.split(" and ")) for taken in values]
                for package, values in samples[how].items()
            }
            # Finding it costs the same whatever the plugin is like, and is vLLM's.
            goal = "< 1 ms" if (how, step) == ("spawned", "import and register") else ""
            rows.append(row(f"per {how} process: {step}", times, "ms", 1000, goal))
    traced = {package: [t["bytes"] for t in v] for package, v in samples["traced"].items()}
    rows.append(row("per process: memory", traced, "KiB", 1 / 1024))
    imported = {
        package: values[0]["imported by the package"]
        for package, values in samples["spawned"].items()
    }
    return {"rows": rows, "imported by the package": imported}


def binding(options: dict) -> dict[str, str]:
    """Return the settings for an engine: one worker in this process, or one on each core."""
    workers = options.get("tensor_parallel_size", 1)
    if workers == 1:
        return {"VLLM_ENABLE_V1_MULTIPROCESSING": "0"}
    return {"VLLM_CPU_OMP_THREADS_BIND": "|".join(map(str, range(workers)))}


def rows_of(where: str, case: str, samples: dict[str, dict[str, list]]) -> list[dict]:
    """Return the rows for rate and time to first token, the plugin's against the in-tree model's."""
    rows = []
    for key, name, unit, scale, goal in (
        ("rate", "tokens per second", "1/s", 1, "> 0.99"),
        ("first", "time to first token", "ms", 1000, "< 1.01"),
    ):
        values = {model: samples[model][key] for model in ("plugin", "in-tree")}
        rows.append(row(f"{name}, {where}", values, unit, scale, goal, case))
    return rows


def compare_code(one: list[str], other: list[str]) -> str:
    """Return whether the compiler has written the same files for the plugin as for the in-tree model."""
    same = "the same for both" if one == other else "not the same for both"
    return f"The C++ that is compiled, {len(one)} files, is {same}, to the byte."


def offline(title: str, options: dict, plugin: Path, checkpoints: Path) -> tuple[list[dict], list]:
    """Return the rows for one kind of engine, and the files compiled for each of the two models."""
    models, alone = ("plugin", "in-tree"), {}

    def engine(rounds: int, *models: str) -> dict:
        arguments = (str(checkpoints), str(rounds), json.dumps(options), *models)
        return in_vllm("throughput.py", plugin, *arguments, **binding(options))

    def peak_memory(model: str) -> float:
        alone[model] = engine(2, model)
        return alone[model]["peak memory"]

    result = engine(ROUNDS, *models)
    if result["tokens"]["plugin"] != result["tokens"]["in-tree"]:
        raise RuntimeError(f"{title}: the plugin and the in-tree model differ")
    rows = rows_of("offline", title, result["samples"])
    # Alone, since what two engines share cannot be told apart.
    memory = in_turns({model: partial(peak_memory, model) for model in models}, MEMORY_ROUNDS)
    rows.append(row("peak memory, offline", memory, "MiB", 2**-20, "< 1.01", title))
    return rows, [alone[model]["compiled files"] for model in models]


def throughput() -> dict:
    rows, code = [], "Compiled without C++."
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        plugin = rendered_plugin(folder)
        for title, options in ENGINES.items():
            found, files = offline(title, options, plugin, folder / "models")
            rows += found
            if files[0]:
                code = compare_code(*files)
    return {"rows": rows, "code": code}


def serving() -> dict:
    rows = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        plugin = rendered_plugin(folder)
        for title, arguments in SERVERS.items():
            workers = 2 if "--tensor-parallel-size" in arguments else 1
            settings = binding({"tensor_parallel_size": workers}) if workers > 1 else {}
            folders = (str(folder / "models"), str(SERVING_ROUNDS))
            result = in_vllm("serving.py", plugin, *folders, *arguments, **settings)
            rows += rows_of("served", title, result["samples"])
    return {"rows": rows}


def startup() -> dict:
    samples: dict[str, list[dict]] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        plugin = rendered_plugin(folder)
        in_vllm("throughput.py", plugin, str(folder), "0", json.dumps(ENGINES["eager"]))
        nothing = folder / "nothing"
        cases = {
            "plugin": ("plugin", plugin),
            "in-tree without a plugin": ("in-tree", nothing),
            "in-tree beside the plugin": ("in-tree", plugin),
        }
        for number in range(STARTS):
            for case, (model, path) in cases.items():
                for cache in ("cold", "warm"):
                    settings = {
                        "VLLM_CACHE_ROOT": str(folder / f"cache {case} {number}"),
                        "VLLM_ENABLE_V1_MULTIPROCESSING": "0",
                    }
                    taken = in_vllm("startup.py", path, str(folder / model), **settings)
                    samples.setdefault(f"{case}, {cache}", []).append(taken)
    rows = []
    for cache in ("cold", "warm"):
        for step in samples[f"plugin, {cache}"][0]:
            times = {case: [taken[step] for taken in samples[f"{case}, {cache}"]] for case in cases}
            # Nobody has set a goal for all of them together; README shows it.
            name, goal = f"start of an engine: {step}", "–" if step == "together" else ""
            rows.append(row(name, times, "ms", 1000, goal, f"{cache} capability cache"))
    return {"rows": rows}


PARTS = {
    "throughput": throughput,
    "serving": serving,
    "startup": startup,
    "processes": processes,
    "growth": lambda: {"series": growth.series()},
    "rendering": lambda: {"rows": rendering.rows(), "shares": rendering.shares()},
    "green": lambda: {"seconds": {by: green.seconds(by) for by in ("uv", "pip")}},
    "suite": lambda: {"lanes": suite.lanes()},
}


# The scripts beside this one that decide what a part gives, besides the one of its own name.
SCRIPTS = {"serving": ["throughput"], "startup": ["throughput"]}


def digest_of(part: str) -> str:
    """Return the digest of what a part measures and of what it measures by."""
    scripts = [f"benchmarks/{name}.py" for name in ["measure", part, *SCRIPTS.get(part, [])]]
    return digest(*RENDERED, *scripts, *(["tests"] if part == "suite" else []))


def state_of(part: str, result: dict) -> str:
    """Return "" if the figures of a part are of what is here now, else that they are stale."""
    return "" if result["about"].get("digest") == digest_of(part) else STALE


# What the tables below do not say of themselves.
NOTES = {
    "throughput": [
        "Two engines in one process, or in processes of their own with tensor parallelism, which",
        "generate in turns; for the peak memory one engine at a time. A ratio within the spread of",
        "1 shows no difference.",
        "",
    ],
    "serving": [
        "Two servers, of which vLLM's own bench puts one at a time under load. They are started",
        "once, so that what chance gives one of them stays with it for all rounds: the spread does",
        "not show that.",
        "",
    ],
    "startup": [
        "In the order in which vLLM takes the steps. With a cold cache vLLM asks a new process what",
        "the model can do, which imports vLLM once more; so it does for its own models.",
        "",
    ],
    "processes": [
        "A spawned process has imported vLLM itself, as vLLM's own do; a forked one pays for every",
        "page of its parent that it touches first. The lazy string registers no HF config class and",
        "guards nothing: what the plugin costs beyond it is mostly transformers, which makes a",
        "dataclass of the config class.",
        "",
    ],
    "rendering": [
        "Against a template with one file, and one with as many files as this, none rendered. In",
        "process, where Python and cookiecutter are loaded already, Jinja's compiling of the files",
        "that hold answers is what is left.",
        "",
    ],
}
WITH_VLLM = ("throughput", "serving", "startup", "processes")
VERSIONS = """
import json, platform, torch, vllm
versions = {"Python": platform.python_version(), "vLLM": vllm.__version__}
print(json.dumps(versions | {"torch": torch.__version__}))
"""


def plot(series: dict[str, dict]) -> None:
    """Draw how loading grows, one picture for each kind of growth, on logarithmic axes."""
    import matplotlib

    matplotlib.use("svg")
    # So that the same figures give the same bytes.
    matplotlib.rcParams["svg.hashsalt"] = "growth"
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(1, len(series), figsize=(4 * len(series), 3))
    for axis, (name, values) in zip(axes, series.items(), strict=True):
        x, seconds = values["x"], values["seconds"]
        axis.loglog(x, [1000 * value for value in seconds], "o-", label="measured")
        linear = [1000 * seconds[-1] * value / x[-1] for value in x]
        axis.loglog(x, linear, "--", label="linear")
        axis.set(title=name, ylabel="ms")
    axes[0].legend()
    figure.tight_layout()
    figure.savefig(HERE / "growth.svg", metadata={"Date": None})


def table_of_rows(rows: list[dict]) -> list[str]:
    lines = [
        "| what | ratio | middle half | goal | medians | rounds |",
        "|---|---|---|---|---|---|",
    ]
    for line in rows:
        medians = ", ".join(f"{k}: {v:.4g}" for k, v in line["medians"].items())
        for other, ratio in line["ratios"].items():
            spread = f"{ratio['low']:.3f} to {ratio['high']:.3f}"
            case = f", {line['case']}" if line["case"] else ""
            title = f"{line['name']}{case}, against {other}"
            cells = [
                title,
                f"{ratio['median']:.3f}",
                spread,
                line["goal"],
                f"{medians} {line['unit']}",
                f"{line['rounds']}",
            ]
            lines.append("| " + " | ".join(cells) + " |")
    return [*lines, ""]


def as_markdown(results: dict[str, dict]) -> str:
    lines = [
        "# What the plugin costs, and what the template costs",
        "",
        "Written by `benchmarks/run.py`. Each pair was measured in turns in one run; a ratio is the",
        "median of the rounds' ratios, with their middle half beside it.",
        "In-tree is vLLM's own Llama with the same weights; the shapes are other ways to write a",
        "`register()`, with the class itself, or with a lazy string and nothing else.",
        "",
        "## Goals",
        "",
        summary(results),
    ]
    for part, result in results.items():
        state = state_of(part, result)
        about = ", ".join(f"{key} {value}" for key, value in result["about"].items())
        title = f"## {marked(part.capitalize(), state)}"
        lines += [title, "", f"{about}; {state or 'current'}.", "", *NOTES.get(part, [])]
        if "rows" in result:
            lines += table_of_rows(result["rows"])
        if "code" in result:
            lines += [result["code"], ""]
        if "imported by the package" in result:
            for package, names in result["imported by the package"].items():
                text = ", ".join(names[:3]) + (f" … ({len(names)})" if names[3:] else "")
                lines.append(
                    f"- `import {package}` imports of torch, transformers, vllm: {text or 'nothing'}"
                )
            lines.append("")
        if "shares" in result:
            shares = (f"{name} {share:.0%}" for name, share in result["shares"].items())
            lines += [f"Where the time goes in process, by a profiler: {', '.join(shares)}.", ""]
        for lane in result.get("lanes", []):
            files = ", ".join(f"{name} {value:.0f} s" for name, value in lane["in tests"].items())
            lines += [f"- {lane['name']}: {lane['seconds']:.0f} s, by two workers; most in {files}"]
        if "lanes" in result:
            lines.append("")
        if "seconds" in result:
            lines += ["| step | by uv, s | by pip, s | on what |", "|---|---|---|---|"]
            for step, by_uv in result["seconds"]["uv"].items():
                cells = [f"{by_uv:.2f}", f"{result['seconds']['pip'][step]:.2f}"]
                lines.append(f"| {step} | {' | '.join(cells)} | {green.REASONS.get(step, '')} |")
            lines.append("")
        if "series" in result:
            lines += ["![how loading grows](growth.svg)", ""]
            for name, values in result["series"].items():
                pairs = zip(values["x"], values["seconds"], strict=True)
                text = ", ".join(f"{x}: {1000 * seconds:.3g} ms" for x, seconds in pairs)
                lines.append(f"- {name}: {text}")
            lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def ratios(rows: list[dict]) -> str:
    """Return the ratios of all cases of one name to the first that each stands against.

    Where there is one case, the figure itself and all its ratios.
    """
    if len(rows) == 1:
        [(_, first), *_] = rows[0]["medians"].items()
        each = [f"{ratio['median']:#.4g} × {other}" for other, ratio in rows[0]["ratios"].items()]
        return "; ".join([f"{first:.3g} {rows[0]['unit']}", *each])
    other = next(iter(rows[0]["ratios"]))
    each = [f"{line['case']} {line['ratios'][other]['median']:#.4g}" for line in rows]
    return f"{', '.join(each)} × {other}"


def summary(results: dict[str, dict]) -> str:
    """Return the first table: what has a goal, a line for each."""
    by_name: dict[str, list[dict]] = {}
    for part, result in results.items():
        for line in result.get("rows", []):
            if line["goal"]:
                name = marked(line["name"], state_of(part, result))
                by_name.setdefault(name, []).append(line)
    cells = [(name, ratios(rows), rows[0]["goal"]) for name, rows in by_name.items()]
    if "green" in results:
        each = [f"{s['together']:.1f} s by {by}" for by, s in results["green"]["seconds"].items()]
        name = marked("from nothing to passing tests", state_of("green", results["green"]))
        cells.append((name, ", ".join(each), "< 10 s"))
    if "suite" in results:
        lanes = results["suite"]["lanes"]
        each = [f"{lane['name']} {lane['seconds']:.0f} s" for lane in lanes]
        goals = ", ".join(lane["goal"] for lane in lanes)
        name = marked("this repository's tests", state_of("suite", results["suite"]))
        cells.append((name, ", ".join(each), goals))
    lines = ["| what | measured | goal |", "|---|---|---|"]
    return "\n".join([*lines, *(f"| {' | '.join(line)} |" for line in cells)]) + "\n"


def read() -> dict[str, dict]:
    return json.loads(RESULTS.read_text("utf-8")) if RESULTS.exists() else {}


def write_tables(results: dict[str, dict]) -> None:
    (HERE / "README.md").write_text(as_markdown(results), encoding="utf-8")


def keep(results: dict[str, dict]) -> None:
    """Write what has been measured so far: figures, tables and the picture."""
    # First, so that a mistake in a table loses no figures.
    text = json.dumps(results, indent=1, ensure_ascii=False)
    RESULTS.write_text(text + "\n", encoding="utf-8")
    write_tables(results)
    if "growth" in results:
        plot(results["growth"]["series"])


def about(part: str) -> dict:
    """Return when, on what and with what a part is measured; to be called before it is."""
    load = round(os.getloadavg()[0], 1)
    versions = {"Python": platform.python_version(), "cookiecutter": version("cookiecutter")}
    if part in WITH_VLLM:
        versions = json.loads(run(python_with_vllm(), "-c", VERSIONS).stdout.splitlines()[-1])
    processor = Path("/proc/cpuinfo")
    names = re.findall(r"model name\s*: (.+)", processor.read_text()) if processor.exists() else []
    return {
        "date": datetime.date.today().isoformat(),
        **versions,
        "on": f"{platform.system()} {platform.machine()}, {(names or ['unknown processor'])[0]}",
        "cores": os.cpu_count(),
        "load at the start": load,
        "digest": digest_of(part),
    }


def main(parts: list[str]) -> int:
    if parts == ["--tables"]:
        write_tables(read())
        return 0
    unknown = [part for part in parts if part not in PARTS]
    if unknown:
        print(f"{unknown[0]} is no part: {', '.join(PARTS)}")
        return 2
    results = read()
    for part in parts or PARTS:
        circumstances = about(part)
        results[part] = PARTS[part]() | {"about": circumstances}
        keep({name: results[name] for name in PARTS if name in results})
    return 0


if __name__ == "__main__":
    use_this_environment()
    sys.exit(main(sys.argv[1:]))
