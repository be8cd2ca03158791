"""Breaks of this repository's own limits, surroundings and reports."""

from mutations.mutation import PROJECT, Mutation

LIMITS = "tests/repository/test_limits.py"
SURROUNDINGS = "tests/repository/test_surroundings.py"
REPORTS = "tests/repository/test_results.py"

MUTATIONS = [
    Mutation("CI goes on after a failed install", ".ci/run",
             "venv .venv\n.venv/bin/pip install -r tests/requirements.txt\n.venv",
             "venv .venv && .venv/bin/pip install -r tests/requirements.txt && .venv",
             "tests/docs/test_readme.py -k ci_stops"),
    Mutation("a command without a limit", "tools/shared/rendering.py",
             "process.communicate(typed, timeout=limit)", "process.communicate(typed)",
             f"{LIMITS} -k no_tool"),
    Mutation("a rendered test without a limit", f"{PROJECT}/tests/_template/test_registration.py",
             "thread.join(60)", "thread.join()", f"{LIMITS} -k rendered"),
    Mutation("what a command started goes on", "tools/shared/rendering.py",
             "os.killpg(process.pid, signal.SIGKILL)\n            if",
             "process.kill()\n            if",
             f"{LIMITS} -k command_that_hangs"),
    Mutation("what a command printed is not said", "tools/shared/rendering.py",
             "having printed:\\n{shown.decode()}", "", f"{LIMITS} -k command_that_hangs"),
    Mutation("a prompt too many is let pass", "tools/shared/rendering.py",
             "assert not late.is_set(), f\"{command}", "assert True, f\"{command}",
             f"{LIMITS} -k prompt"),
    Mutation("an engine's case that hangs shows nothing", "tests/engine/cases/run.py",
             "having printed:\\n{shown}", "", f"{LIMITS} -k case"),
    Mutation("no griffe for Python 3.10", "tests/requirements.txt",
             'griffe==2.3.0; python_version < "3.11"\n', "", f"{SURROUNDINGS} -k requirements"),
    Mutation("a home is needed", "tests/conftest.py", "if not can_be_written(", "if None is (",
             f"{SURROUNDINGS} -k home"),
    Mutation("a Python that is not here passes for tested", "tests/repository/test_pythons.py",
             "        pytest.xfail(\n", "        pytest.skip(\n", f"{SURROUNDINGS} -k had"),
    Mutation("a digest without the kinds", "tools/shared/freshness.py", '    "templates",\n', "",
             f"{REPORTS} -k decides"),
    Mutation("a digest of where the files are", "tools/shared/freshness.py",
             "contents[file.relative_to(root).as_posix()]", "contents[file.as_posix()]",
             f"{REPORTS} -k wherever"),
    Mutation("a digest in the file system's order", "tools/shared/freshness.py",
             "sorted(contents.items())", "contents.items()", f"{REPORTS} -k order"),
    Mutation("a stale report is not marked", "tools/shared/freshness.py",
             'return f"{name} (stale)" if state else name', "return name",
             f"{REPORTS} -k each_table"),
    Mutation("a report of another state is current", "tools/shared/freshness.py",
             'if report.get("about", {}).get("digest") != now:', "if False:",
             f"{REPORTS} -k another_state"),
    Mutation("a report without some tests is current", "tools/shared/freshness.py",
             "    if lacking:\n", "    if False:\n", f"{REPORTS} -k without_some"),
    Mutation("what changes during a run is not seen", "tools/matrix.py",
             "    if digest(*files_of_lane(lane)) != now:\n", "    if False:\n",
             f"{REPORTS} -k during"),
]  # fmt: skip
