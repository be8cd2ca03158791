"""Whatever waits has a limit, and fails with what was shown until then."""

import ast
import os
import select
import sys

import pytest
from shared import environments
from shared.rendering import FIXTURE_ENGINE, KINDS, ROOT, TEMPLATE, at_a_terminal, result_of, run

COMMANDS = {"run", "call", "check_call", "check_output"}
# With no argument they wait for ever; `", ".join` and a dict's `get` have one.
WAITS = {"wait", "join", "result", "get"}
# They know no limit: an alarm or at_most() in the same function must be theirs.
BLIND = {"waitpid", "read", "readline", "recv", "accept", "apply"}


def calls_in(function: ast.AST) -> list[ast.Call]:
    """Return the calls in a function or module, without those in functions inside it."""
    found, rest = [], list(ast.iter_child_nodes(function))
    while rest:
        node = rest.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        found += [node] if isinstance(node, ast.Call) else []
        rest += ast.iter_child_nodes(node)
    return found


def has_limit(call: ast.Call) -> bool:
    """Tell whether a call needs no limit of its own, or names one."""
    name = ast.unparse(call.func)
    owner, _, last = name.rpartition(".")
    named = {keyword.arg for keyword in call.keywords}
    if (owner == "subprocess" and last in COMMANDS) or last in ("urlopen", "communicate"):
        return "timeout" in named
    if last == "flock":
        return "LOCK_NB" in ast.unparse(call)
    if last in WAITS:
        return bool(call.args or "timeout" in named)
    waits_for_another = owner == "os" or owner.endswith(("stdout", "pipe", "socket", "pool"))
    return last != "urlretrieve" and not (last in BLIND and waits_for_another)


def waits_without_limit(text: str) -> list[str]:
    """Return the calls in some Python that may wait for ever."""
    found = []
    for function in ast.walk(ast.parse(text)):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef | ast.Module):
            calls = calls_in(function)
            limits = {ast.unparse(call.func).rpartition(".")[2] for call in calls if call.args}
            if not limits & {"alarm", "at_most", "poll"}:
                found += [ast.unparse(call) for call in calls if not has_limit(call)]
    return found


@pytest.mark.parametrize(
    "statement",
    [
        "subprocess.run(command)",
        "subprocess.run(command, capture_output=True, **options)",
        "subprocess.check_output(command)",
        "process.wait()",
        "process.communicate(text)",
        "thread.join()",
        "queue.get()",
        "future.result()",
        "pool.apply(function)",
        "os.waitpid(pid, 0)",
        "os.read(terminal, 4096)",
        "process.stdout.readline()",
        "pipe.recv()",
        "urllib.request.urlopen(page)",
        "urllib.request.urlretrieve(page, file)",
        "fcntl.flock(file, fcntl.LOCK_EX)",
    ],
)
def test_a_wait_without_a_limit_is_seen(statement):
    assert waits_without_limit(f"def f():\n    {statement}") == [statement]
    assert waits_without_limit(f"def f():\n    signal.alarm(9)\n    {statement}") == []


def test_no_test_and_no_tool_waits_for_ever():
    files = [*ROOT.glob("tests/**/*.py"), *ROOT.glob("benchmarks/*.py")]
    assert len(files) > 40
    assert {f.name: w for f in files if (w := waits_without_limit(f.read_text()))} == {}


@pytest.mark.parametrize("kind", KINDS)
def test_no_rendered_test_waits_for_ever(render, kind):
    files = list((render(kind=kind) / "tests").rglob("*.py"))
    assert len(files) > 10
    assert {f.name: w for f in files if (w := waits_without_limit(f.read_text()))} == {}


def assert_that_all_have_ended(pipe: int) -> None:
    """Assert that no process has the other end of a pipe, into which none wrote."""
    assert select.select([pipe], [], [], 60)[0] == [pipe]


def test_a_command_that_hangs_is_ended_with_all_it_started_and_what_it_printed_is_said():
    pipe, its_end = os.pipe()
    script = "echo so far; echo and so bad >&2; sleep 1000 & wait"
    with pytest.raises(AssertionError, match="was not done in 2 s") as failure:
        run("sh", "-c", script, limit=2, pass_fds=[its_end])
    os.close(its_end)
    assert str(failure.value).splitlines()[1:] == ["so far", "", "and so bad"]
    assert_that_all_have_ended(pipe)
    os.close(pipe)


def test_a_command_that_ends_in_time_gives_its_status_and_its_output():
    result = result_of("sh", "-c", "cat; echo bad >&2; exit 3", typed="typed")
    assert (result.returncode, result.stdout, result.stderr) == (3, "typed", "bad\n")


def test_a_prompt_too_many_is_ended_and_shown():
    script = "read -p 'name? ' name; read -p 'one too many? ' more"
    with pytest.raises(AssertionError, match="still waits after 2 s") as failure:
        at_a_terminal("parrot\n", "bash", "-c", script, limit=2)
    assert "name? " in str(failure.value)
    assert "one too many? " in str(failure.value)


def test_a_terminal_that_is_left_by_a_process_that_goes_on_is_waited_for_no_longer():
    script = "echo shown; exec <&- >&- 2>&-; sleep 1000"
    with pytest.raises(AssertionError, match="still waits after 2 s:\nshown"):
        at_a_terminal("", "bash", "-c", script, limit=2)


def test_a_lock_that_another_process_keeps_is_named(tmp_path):
    with (tmp_path / "lock").open("w") as ours, (tmp_path / "lock").open("w") as theirs:
        environments.take(theirs, 0)
        with pytest.raises(TimeoutError, match=r"lock was locked for 0 s: end the process"):
            environments.take(ours, 0)


HANGING = """
import sys, time
from pathlib import Path
import run

def case(site):
    print("so far", flush=True)
    time.sleep(1000)

run.PATIENCE = 1
print(run.run_case(case, Path(sys.argv[1]))["problem"])
"""
ENGINE_CASES = ROOT / "tests" / "engine" / "cases"


def test_an_engines_case_that_hangs_is_ended_and_shown(tmp_path):
    path = os.pathsep.join(map(str, [TEMPLATE / FIXTURE_ENGINE, ENGINE_CASES]))
    command = [sys.executable, "-c", HANGING, tmp_path / "case"]
    printed = run(*command, env=os.environ | {"PYTHONPATH": path}, limit=60).stdout
    assert printed == "it ended early, or took over 1 s, having printed:\nso far\n\n"


HANGING_TEST = "import time\n\ndef test_it():\n    print('so far')\n    time.sleep(1000)\n"


def test_a_test_that_hangs_is_ended_and_shows_where(tmp_path):
    (tmp_path / "test_it.py").write_text(HANGING_TEST)
    settings = ["-c", ROOT / "pyproject.toml", "-o", "faulthandler_timeout=1"]
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *settings]
    result = result_of(*command, tmp_path / "test_it.py", limit=60)
    assert result.returncode == 1
    assert 'test_it.py", line 5 in test_it' in result.stderr
