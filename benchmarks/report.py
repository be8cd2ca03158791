"""The figures of benchmarks/run.py as tables and as a picture.

It reads results/benchmarks.json, and writes results/benchmarks.md, results/growth.svg and the
tables in benchmarks/README.md, which show what has a goal.
"""

import json
from collections.abc import Callable

from shared.freshness import RENDERED, STALE, digest, marked
from shared.rendering import ROOT, write_into_readme

FIGURES = ROOT / "results" / "benchmarks.json"
TABLES = ROOT / "results" / "benchmarks.md"
PICTURE = ROOT / "results" / "growth.svg"
README = ROOT / "benchmarks" / "README.md"
WITH_VLLM = ("throughput", "serving", "startup", "processes", "parts")
# What README asks, and how the names of the rows that answer it begin. Rows that begin in another
# way stand under the last one.
QUESTIONS = {
    "server": ("tokens per second", "time to first token", "time per"),
    "start": ("start of an engine", "per spawned process"),
    "memory": ("peak memory", "memory of"),
    "authors": (),
}
# What each step from nothing to passing tests does with its time.
REASONS = {
    "render": "Python, cookiecutter and two hooks start",
    "make an environment": "with pip, pip is installed into it",
    "install": "setuptools, into an environment for the build; then pytest and griffe",
    "test": "pytest, and the processes of the doctor and of the fixture engine",
}


def digest_of(part: str) -> str:
    """Return the digest of what a part measures, and of the scripts that measure it."""
    scripts = ["side_by_side", *(["run", "in_vllm"] if part in WITH_VLLM else ["measures"])]
    scripts += ["parts_in_vllm"] if part == "parts" else []
    files = [f"benchmarks/{name}.py" for name in scripts]
    return digest(*RENDERED, *files, *(["tests"] if part == "suite" else []))


def state_of(part: str, result: dict) -> str:
    """Return "" if the figures of a part are those of the present files, else that they are stale."""
    return "" if result["about"].get("digest") == digest_of(part) else STALE


# All tables


def as_ratio(value: float) -> str:
    """Return a ratio with three places, or two digits if that would leave none."""
    return f"{value:.3f}" if value >= 0.01 else f"{value:.2g}"


def table_of_rows(rows: list[dict]) -> list[str]:
    lines = [
        "| what | ratio | middle half | goal | medians | rounds |",
        "|---|---|---|---|---|---|",
    ]
    for line in rows:
        medians = ", ".join(f"{k}: {v:.4g}" for k, v in line["medians"].items())
        for other, ratio in line["ratios"].items():
            spread = f"{as_ratio(ratio['low'])} to {as_ratio(ratio['high'])}"
            case = f", {line['case']}" if line["case"] else ""
            title = f"{line['name']}{case}, against {other}"
            cells = [
                title,
                as_ratio(ratio["median"]),
                spread,
                line["goal"],
                f"{medians} {line['unit']}",
                f"{line['rounds']}",
            ]
            lines.append("| " + " | ".join(cells) + " |")
    return lines


def lines_of_imports(imported: dict[str, list[str]]) -> list[str]:
    lines = []
    for package, names in imported.items():
        text = ", ".join(names[:3]) + (f" … ({len(names)})" if names[3:] else "")
        lines.append(
            f"- Modules of torch, transformers and vLLM that `import {package}` imports: "
            f"{text or 'none'}"
        )
    return lines


def line_of_shares(shares: dict[str, float]) -> list[str]:
    each = ", ".join(f"{name} {share:.0%}" for name, share in shares.items())
    return [f"Where the time goes in process, by a profiler: {each}."]


def lines_of_lanes(lanes: list[dict]) -> list[str]:
    lines = []
    for lane in lanes:
        files = ", ".join(f"{name} {value:.0f} s" for name, value in lane["in tests"].items())
        lines.append(
            f"- {lane['name']}: {lane['seconds']:.0f} s, with two workers; most in {files}"
        )
    return lines


def table_of_steps(seconds: dict[str, dict[str, float]]) -> list[str]:
    lines = ["| step | with uv, s | with pip, s | what takes the time |", "|---|---|---|---|"]
    for step, with_uv in seconds["uv"].items():
        cells = [f"{with_uv:.2f}", f"{seconds['pip'][step]:.2f}", REASONS.get(step, "")]
        lines.append(f"| {step} | {' | '.join(cells)} |")
    return lines


def lines_of_series(series: dict[str, dict]) -> list[str]:
    lines = [f"![how loading grows]({PICTURE.name})", ""]
    for name, values in series.items():
        pairs = zip(values["x"], values["seconds"], strict=True)
        text = ", ".join(f"{x}: {1000 * seconds:.3g} ms" for x, seconds in pairs)
        lines.append(f"- {name}: {text}")
    return lines


# How each kind of figure is shown, in this order.
SHOWN: dict[str, Callable[..., list[str]]] = {
    "rows": table_of_rows,
    "code": lambda text: [text],
    "imported by the package": lines_of_imports,
    "shares": line_of_shares,
    "lanes": lines_of_lanes,
    "seconds": table_of_steps,
    "series": lines_of_series,
}


def as_markdown(results: dict[str, dict]) -> str:
    """Return all tables, a section for each part."""
    lines = [
        "# Every figure of the benchmarks",
        "",
        "Written by `benchmarks/run.py`. [What they show and how they are measured]"
        "(../benchmarks/README.md).",
        "",
    ]
    for part, result in results.items():
        state = state_of(part, result)
        about = ", ".join(f"{key} {value}" for key, value in result["about"].items())
        title = f"## {marked(part.capitalize(), state)}"
        lines += [title, "", f"{about}; {state or 'current'}.", ""]
        for kind, lines_of in SHOWN.items():
            if kind in result:
                lines += [*lines_of(result[kind]), ""]
    return "\n".join(lines).rstrip() + "\n"


# README's tables


def ratios(rows: list[dict]) -> str:
    """Return the ratios of all cases of one name, each to the first that it is measured against.

    If there is one case, return the figure itself and all its ratios.
    """
    if len(rows) == 1:
        [(_, first), *_] = rows[0]["medians"].items()
        each = [f"{ratio['median']:#.4g} × {other}" for other, ratio in rows[0]["ratios"].items()]
        return "; ".join([f"{first:.3g} {rows[0]['unit']}", *each])
    other = next(iter(rows[0]["ratios"]))
    each = [f"{line['case']} {line['ratios'][other]['median']:#.4g}" for line in rows]
    return f"{', '.join(each)} × {other}"


def goals(results: dict[str, dict]) -> list[tuple[str, str, str]]:
    """Return what has a goal: its name, what was measured, and the goal."""
    by_name: dict[str, list[dict]] = {}
    for part, result in results.items():
        for line in result.get("rows", []):
            if line["goal"]:
                name = marked(line["name"], state_of(part, result))
                by_name.setdefault(name, []).append(line)
    found = [(name, ratios(rows), rows[0]["goal"]) for name, rows in by_name.items()]
    if "green" in results:
        each = [f"{s['together']:.1f} s with {by}" for by, s in results["green"]["seconds"].items()]
        name = marked("from nothing to passing tests", state_of("green", results["green"]))
        found.append((name, ", ".join(each), "< 10 s"))
    if "suite" in results:
        lanes = results["suite"]["lanes"]
        each = [f"{lane['name']} {lane['seconds']:.0f} s" for lane in lanes]
        name = marked("this repository's tests", state_of("suite", results["suite"]))
        found.append((name, ", ".join(each), ", ".join(lane["goal"] for lane in lanes)))
    return found


def question_of(name: str) -> str:
    """Return which of QUESTIONS a row of this name answers."""
    *_, last = QUESTIONS
    return next((key for key, starts in QUESTIONS.items() if name.startswith(starts)), last)


def summary(results: dict[str, dict], question: str) -> str:
    """Return the table under one of QUESTIONS: a line for each row with a goal that answers it."""
    lines = ["| what | measured | goal |", "|---|---|---|"]
    for cells in goals(results):
        if question_of(cells[0]) == question:
            lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


# Files


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
    figure.savefig(PICTURE, metadata={"Date": None})


def read() -> dict[str, dict]:
    """Return all figures, by part."""
    return json.loads(FIGURES.read_text("utf-8")) if FIGURES.exists() else {}


def write_tables(results: dict[str, dict]) -> None:
    TABLES.write_text(as_markdown(results), encoding="utf-8")
    for question in QUESTIONS:
        write_into_readme(f"benchmarks/run.py: {question}", summary(results, question), README)


def write(results: dict[str, dict]) -> None:
    """Write the figures, the tables, and the picture if there is something to draw."""
    # The figures first, so that a mistake in a table does not lose them.
    text = json.dumps(results, indent=1, ensure_ascii=False)
    FIGURES.write_text(text + "\n", encoding="utf-8")
    write_tables(results)
    if "growth" in results:
        plot(results["growth"]["series"])
