"""Stands for vLLM's processes: the front end (``vllm.entrypoints``), the engine core
(``vllm.v1.engine.core``) and its workers (``vllm.v1.executor.multiproc_executor``).
Each loads the general plugins, reports and ends. Leaves out requests, Ray and the API server."""

import argparse
import contextlib
import json
import os
import signal
import sys
from multiprocessing import get_context

from vllm.logger import configure_logging
from vllm.model_executor.models import ModelRegistry
from vllm.plugins import called_plugins, load_general_plugins


def start_engine(workers=1, start_method="spawn", architecture=None, seconds=60) -> list[dict]:
    """Start an engine with this process as its front end; return a report of each process.

    The front end inspects ``architecture``, each worker loads its class. Raises what the front
    end raises, or RuntimeError if another process fails or a worker needs over ``seconds``.
    """
    load_general_plugins()
    configure_logging()
    if architecture is not None:
        ModelRegistry.inspect_model_cls(architecture)
    report = _report("front end", None, architecture)
    core = [("EngineCore", _engine_core, (workers, start_method, architecture, seconds))]
    # More time, so that the engine core can still name a worker that hangs.
    return [report, *_gather("Engine core", core, start_method, 3 * seconds)]


def _engine_core(pipe, workers, method, architecture, seconds):
    # An exception instead of sudden death, so that _gather ends the workers.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    configure_logging()
    load_general_plugins()
    ranks = [(f"VllmWorker-{n}", _worker, (n, method, architecture)) for n in range(workers)]
    pipe.send([_report("engine core", method), *_gather("WorkerProc", ranks, method, seconds)])


def _worker(pipe, rank, start_method, architecture):
    configure_logging()
    load_general_plugins()
    if architecture is not None:
        ModelRegistry.resolve_model_cls(architecture)
    pipe.send([_report(f"worker {rank}", start_method, architecture)])


def _gather(kind, children, start_method, seconds) -> list[dict]:
    """Start each (name, function, arguments), collect all reports, leave no process behind."""
    context, started, reports = get_context(start_method), [], []
    try:
        for name, function, arguments in children:
            pipe, far_end = context.Pipe(duplex=False)
            process = context.Process(target=function, args=(far_end, *arguments), name=name)
            process.start()
            started.append((name, process, pipe))
            far_end.close()  # The child holds the only one now: its death ends the pipe.
        for name, process, pipe in started:
            report = []
            if pipe.poll(seconds):  # It has answered, or it is dead.
                with contextlib.suppress(EOFError):
                    report = pipe.recv()
                process.join(5)
            if not report:
                why = f"See root cause above. Failed proc(s): { {name: process.exitcode} }"
                raise RuntimeError(f"{kind} initialization failed. {why}")
            reports += report
    finally:
        for _, process, _ in started:
            (process.kill if kind == "WorkerProc" else process.terminate)()  # A core ends its own.
            process.join(2)
            process.kill()
    return reports


def _report(role, start_method, arch=None) -> dict:
    owners = {name: _owner(model) for name, model in ModelRegistry.models.items()}
    new = {name: owner for name, owner in owners.items() if not owner.startswith("vllm.")}
    where = dict(role=role, pid=os.getpid(), parent_pid=os.getppid(), start_method=start_method)
    return dict(where, plugins=called_plugins, architectures=new, model_class=owners.get(arch))


def _owner(model) -> str:
    if cls := getattr(model, "model_cls", None):
        return f"{cls.__module__}:{cls.__qualname__}"
    return f"{model.module_name}:{model.class_name}"


if __name__ == "__main__":
    about = "Start an engine, print the reports of its processes as JSON, and stop it."
    parser = argparse.ArgumentParser(prog="python -m vllm.fixture", description=about)
    parser.add_argument("--workers", type=int, choices=range(1, 65), default=1)
    parser.add_argument("--start-method", choices=["spawn", "fork"], default="spawn")
    parser.add_argument("--architecture")
    options = parser.parse_args()
    # All processes log and print to standard error now: standard output is JSON alone.
    with os.fdopen(os.dup(1), "w") as output:
        os.dup2(2, 1)
        print(json.dumps(start_engine(**vars(options)), indent=2), file=output)
