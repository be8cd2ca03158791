"""A server of vLLM's, for the scripts that ask one."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from socket import socket
from urllib.error import URLError
from urllib.request import urlopen

from openai import OpenAI


@contextmanager
def serving(checkpoint: Path, *options: str) -> Iterator[OpenAI]:
    """Serve a checkpoint, eager and in float32, and give a client that asks that server."""
    with socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "vllm.entrypoints.openai.api_server"]
    command += ["--model", str(checkpoint), "--port", str(port), "--dtype", "float32"]
    server = subprocess.Popen([*command, "--enforce-eager", *options])
    address = f"http://127.0.0.1:{port}"
    try:
        wait_for(server, address)
        yield OpenAI(base_url=f"{address}/v1", api_key="none", max_retries=0, timeout=120)
    finally:
        server.terminate()
        try:
            server.wait(60)
        except subprocess.TimeoutExpired:
            server.kill()
            raise


def wait_for(server: subprocess.Popen, address: str) -> None:
    """Return when the server is ready; raise RuntimeError if it ends or needs five minutes."""
    for _ in range(300):
        if server.poll() is not None:
            raise RuntimeError(f"the server ended with {server.returncode}")
        try:
            urlopen(f"{address}/health", timeout=5).close()
            return
        except (URLError, OSError):
            time.sleep(1)
    raise RuntimeError("the server was not ready in five minutes")
