"""Breaks of what documents say."""

from mutations.mutation import KINDS, PROJECT, Mutation

COUNTS = "tests/docs/test_counts.py"
TABLES = "tests/docs/test_written_tables.py"
NAMED = "tests/docs/test_named_in_documents.py"
SHOWN = "tests/docs/test_shown_by_a_package.py"
NAMED_BY_PACKAGE = "tests/docs/test_named_by_a_package.py"
ENGINES_README = "tests/docs/test_fixture_readme.py"

MUTATIONS = [
    Mutation("README shows another dialogue", "README.md", "  [3/11] Package", "  [3/10] Package",
             "tests/docs/test_readme.py -k transcript"),
    Mutation("README counts a package's tests wrong", "README.md", "65 passed,", "66 passed,",
             "tests/package/test_package.py -k uv_installs"),
    Mutation("README counts the behaviours wrong", "README.md", " behaviours,", "0 behaviours,",
             f"{COUNTS} -k readme_counts"),
    Mutation("a table has a figure of its own", "benchmarks/README.md",
             "| goal |\n|---|---|---|\n| tokens", "| goal |\n|---|---|---|\n| all tokens",
             f"{TABLES} -k measured"),
    Mutation("the hook counts the commands wrong", "hooks/post_gen_project.py",
             "The next three commands",
             "The next two commands", f"{COUNTS} -k hook_counts"),
    Mutation("CONTRIBUTING estimates a time", "CONTRIBUTING.md", "| no vLLM |",
             "| 2 minutes; no vLLM |",
             f"{COUNTS} -k no_time"),
    Mutation("README starts a kind with another vLLM", "README.md", "starts at 0.31.0",
             "starts at 0.30.0", f"{COUNTS} -k pythons"),
    Mutation("a row of the benchmarks is edited", "results/benchmarks.md", "plugin: ", "plugin: 9",
             f"{TABLES} -k measured"),
    Mutation("the picture is of another run", "results/growth.svg", "M 65.892424 ", "M 60 ",
             f"{TABLES} -k picture"),
    Mutation("a verdict of the audit is edited", "results/audit.md", "| compatible | 0 | imports |",
             "| compatible | 0 | runs |", f"{TABLES} -k predictions"),
    Mutation("another version is tagged", "RELEASING.md", "git tag -a v0.2.0", "git tag -a v0.0.9",
             f"{NAMED} -k tag"),
    Mutation("all is said to let every plugin in", f"{PROJECT}/docs/_template/loading.md",
             "| `all`, or set and empty | none: no plugin has that name |",
             "| `all`, or set and empty | every plugin that is installed |",
             f"{SHOWN} -k vllm_plugins"),
    Mutation("a space is said to do no harm", f"{PROJECT}/docs/_template/loading.md",
             "this one: the space becomes part of the second name", "these two",
             f"{SHOWN} -k vllm_plugins"),
    Mutation("vectors are served by the wrong runner", f"{KINDS}/embedding/serve.md",
             "--runner pooling", "--runner generate", f"{NAMED_BY_PACKAGE} -k runner"),
    Mutation("the doctor is shown to say something else", f"{PROJECT}/docs/_template/loading.md",
             "ok       register() raises nothing.", "ok       register() returned.",
             f"{SHOWN} -k doctor"),
    Mutation("the fixture engine stands for another vLLM",
             f"{PROJECT}/tests/_template/fixture_engine/README.md",
             "the part of vLLM 0.32 that", "the part of vLLM 0.30 that",
             f"{ENGINES_README} -k stands"),
    Mutation("the fixture engine is said to have fewer workers",
             f"{PROJECT}/tests/_template/fixture_engine/README.md", "1 to 64 workers",
             "1 to 32 workers",
             f"{ENGINES_README} -k status"),
    Mutation("a ratio is upside down", "benchmarks/measures.py", "one / two for", "two / one for",
             "tests/repository/test_benchmarks.py"),
    Mutation("a ratio is a mean", "benchmarks/measures.py", "middle = statistics.median(",
             "middle = statistics.mean(", "tests/repository/test_benchmarks.py"),
]  # fmt: skip
