"""A server of vLLM's, for the scripts that ask one."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cached_property
from pathlib import Path
from socket import socket
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

import psutil
from openai import OpenAI
from transformers import AutoTokenizer


class Server:
    """A server that runs, and what a proof needs to ask it."""

    def __init__(self, address: str, folder: Path) -> None:
        self.address = address
        # The checkpoint. Beside it is room for what a part writes.
        self.folder = folder
        self.client = OpenAI(base_url=f"{address}/v1", api_key="none", max_retries=0, timeout=120)

    @cached_property
    def model(self) -> str:
        return self.client.models.list().data[0].id

    @cached_property
    def tokenizer(self) -> Any:
        return AutoTokenizer.from_pretrained(self.folder)

    @property
    def log(self) -> str:
        """Return what the server has said so far."""
        return log_of(self.folder).read_text(encoding="utf-8", errors="replace")

    def ask(
        self, path: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> tuple[int, Any]:
        """Return the status of an answer, and its JSON. With a body, the request is a POST."""
        data = None if body is None else json.dumps(body).encode()
        given = {"Content-Type": "application/json"} | dict(headers or {})
        try:
            with urlopen(Request(f"{self.address}{path}", data, given), timeout=120) as answer:
                return answer.status, json.load(answer)
        except HTTPError as error:
            return error.code, json.load(error)


def log_of(folder: Path) -> Path:
    return folder.parent / f"{folder.name}.log"


@contextmanager
def serving(
    checkpoint: Path, *options: str, environment: Mapping[str, str] | None = None
) -> Iterator[Server]:
    """Serve a checkpoint, eager and in float32, until the end of this block."""
    with socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "vllm.entrypoints.openai.api_server"]
    command += ["--model", str(checkpoint), "--port", str(port), "--dtype", "float32"]
    given = os.environ | dict(environment or {})
    with log_of(checkpoint).open("wb") as log:
        pipes: dict[str, Any] = {"stdout": log, "stderr": log, "env": given}
        command += ["--enforce-eager", *options]
        process = subprocess.Popen(command, **pipes)
        server = Server(f"http://127.0.0.1:{port}", checkpoint)
        try:
            wait_for(process, server)
            yield server
        finally:
            end(process)


def end(process: subprocess.Popen) -> None:
    """End a server and the engine that it started, which may outlive it."""
    started = []
    with suppress(psutil.NoSuchProcess):
        started = psutil.Process(process.pid).children(recursive=True)
    process.terminate()
    try:
        process.wait(120)
    finally:
        process.kill()
        for each in started:
            with suppress(psutil.NoSuchProcess):
                each.kill()


def wait_for(process: subprocess.Popen, server: Server) -> None:
    """Return when the server is ready; raise RuntimeError if it ends or needs a quarter of an hour."""
    for _ in range(900):
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with {process.returncode}: {server.log}")
        try:
            urlopen(f"{server.address}/health", timeout=5).close()
            return
        except (URLError, OSError):
            time.sleep(1)
    raise RuntimeError(f"the server was not ready in a quarter of an hour: {server.log}")
