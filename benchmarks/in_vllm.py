"""What benchmarks/run.py measures in an environment with real vLLM, on a CPU or on a GPU.

``python in_vllm.py COMMAND ARGUMENT ...`` prints JSON. The functions in COMMANDS say what each
command takes and gives. All times are seconds.
"""

import compileall
import importlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import traceback
import tracemalloc
from contextlib import ExitStack
from pathlib import Path
from socket import socket
from typing import Any

# Nothing here imports torch, transformers or vLLM with this module: "startup" measures how long
# that takes, and a forked process must find them in its parent.

VOCABULARY = 8192
# As in a small model for production: large enough that the model decides the time, not Python.
SIZES: dict[str, Any] = {
    "hidden_size": 1024,
    "intermediate_size": 2816,
    "num_hidden_layers": 12,
    "num_attention_heads": 16,
    "num_key_value_heads": 8,
    "head_dim": 64,
    "vocab_size": VOCABULARY,
    "max_position_embeddings": 1024,
    "rope_parameters": {"rope_type": "default", "rope_theta": 10000.0},
}
SIZES_ON_GPU = SIZES | {
    "hidden_size": 2048,
    "intermediate_size": 5632,
    "num_hidden_layers": 24,
    "num_attention_heads": 32,
}
PROMPTS, PROMPTS_ON_GPU = 8, 64
PROMPT_TOKENS, NEW_TOKENS = 64, 32
# By default an engine takes nearly all memory of a GPU: two would not fit, and the peak would say
# nothing about the model. So each takes what its model needs, and a fixed part for the KV cache.
SETTINGS = {
    "dtype": "bfloat16",
    "max_model_len": 256,
    "kv_cache_memory_bytes": 2**30,
    "gpu_memory_utilization": 0.3,
    "enable_prefix_caching": False,
}
NAMES = {
    "plugin": {"architectures": ["MyModelForCausalLM"], "model_type": "vllm_my_model"},
    "in-tree": {"architectures": ["LlamaForCausalLM"], "model_type": "llama"},
}


def has_gpu() -> bool:
    import torch

    return torch.cuda.is_available()


def number_of_prompts() -> int:
    return PROMPTS_ON_GPU if has_gpu() else PROMPTS


def save(folder: Path, name: str) -> Path:
    """Write a checkpoint for one of NAMES, unless it is there; return its folder.

    The weights are random, and the same for all names.
    """
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    if not (folder / name).exists():
        torch.manual_seed(0)
        config = LlamaConfig(**(SIZES_ON_GPU if has_gpu() else SIZES))
        model = LlamaForCausalLM(config).to(torch.bfloat16)
        model.save_pretrained(folder / name)
        file = folder / name / "config.json"
        file.write_text(json.dumps(json.loads(file.read_text()) | NAMES[name]))
    return folder / name


# Throughput: two engines that generate in turns


def prompts_of(rows: int, tokens: int) -> list:
    """Return so many prompts of so many tokens, each of which begins in another way."""
    return [
        {"prompt_token_ids": [(7 * row + 13 * place) % 8000 + 1 for place in range(tokens)]}
        for row in range(rows)
    ]


def seconds_and_outputs(llm, prompts: list, new_tokens: int, **sampling) -> tuple[float, list]:
    """Let an engine generate so many tokens for each prompt; return the seconds, and the outputs."""
    from vllm import SamplingParams

    params = SamplingParams(temperature=0, max_tokens=new_tokens, ignore_eos=True, **sampling)
    start = time.perf_counter()
    outputs = llm.generate(prompts, params, use_tqdm=False)
    return time.perf_counter() - start, outputs


def tokens_in(outputs: list) -> list[list[int]]:
    return [list(output.outputs[0].token_ids) for output in outputs]


def seconds_and_tokens(llm, new_tokens: int) -> tuple[float, list[list[int]]]:
    """Let an engine generate for all prompts; return the seconds, and the tokens of each prompt."""
    prompts = prompts_of(number_of_prompts(), PROMPT_TOKENS)
    seconds, outputs = seconds_and_outputs(llm, prompts, new_tokens)
    return seconds, tokens_in(outputs)


def peak_memory() -> int:
    """Return bytes: of all GPUs if there are any, else of this process and all that it started."""
    import psutil
    import torch

    if has_gpu():
        # Of all processes. PyTorch keeps the memory that it once had, so this is the peak.
        memory = map(torch.cuda.mem_get_info, range(torch.cuda.device_count()))
        return sum(total - free for free, total in memory)
    this = psutil.Process()
    found = [Path(f"/proc/{each.pid}/status") for each in [this, *this.children(recursive=True)]]
    lines = [line.split() for file in found for line in file.read_text().splitlines()]
    return 1024 * sum(int(words[1]) for words in lines if words[0] == "VmHWM:")


def compiled_files() -> list[str]:
    """Return the names of the C++ files that the compiler wrote: each is a hash of the contents."""
    return sorted(path.name for path in Path(os.environ["VLLM_CACHE_ROOT"]).rglob("*.cpp"))


def throughput(folder: str, rounds: str, options: str, *names: str) -> dict:
    """Measure one engine for each of NAMES, or for those that are given, in this process.

    ``options`` is JSON for vLLM's LLM. Gives "samples" (for each name "rate", tokens per second, and
    "first", seconds to the first token, one figure a round), "tokens", "peak memory" (bytes),
    "compiled files".
    """
    os.environ.setdefault("VLLM_LOGGING_LEVEL", "WARNING")
    from vllm import LLM

    llms = {}
    for name in names or NAMES:
        checkpoint = str(save(Path(folder), name))
        llms[name] = LLM(checkpoint, skip_tokenizer_init=True, **SETTINGS, **json.loads(options))
    tokens = {name: seconds_and_tokens(llm, NEW_TOKENS)[1] for name, llm in llms.items()}
    samples: dict[str, dict[str, list]] = {name: {"rate": [], "first": []} for name in llms}
    for number in range(int(rounds)):
        # The order changes, so that neither always finds the processor's caches cold.
        for name in sorted(llms, reverse=number % 2 == 1):
            samples[name]["first"].append(seconds_and_tokens(llms[name], 1)[0])
            seconds, _ = seconds_and_tokens(llms[name], NEW_TOKENS)
            samples[name]["rate"].append(number_of_prompts() * NEW_TOKENS / seconds)
    return {
        "samples": samples,
        "tokens": tokens,
        "peak memory": peak_memory(),
        "compiled files": compiled_files(),
    }


# Serving: two servers, of which vLLM's own bench puts one at a time under load

OPTIONS = ["--no-enable-prefix-caching"]
for setting in ("dtype", "max_model_len", "kv_cache_memory_bytes", "gpu_memory_utilization"):
    OPTIONS += [f"--{setting.replace('_', '-')}", str(SETTINGS[setting])]
# The command "vllm bench serve", also where vLLM is installed under another distribution's name.
BENCH = """
from vllm.benchmarks.serve import add_cli_args, main
from vllm.utils.argparse_utils import FlexibleArgumentParser

parser = FlexibleArgumentParser()
add_cli_args(parser)
main(parser.parse_args())
"""


def add_tokenizer(checkpoint: Path) -> None:
    """Give a checkpoint a tokenizer that has a word for each token."""
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    vocabulary = {f"w{number}": number for number in range(VOCABULARY)}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="w0"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    words = PreTrainedTokenizerFast(tokenizer_object=tokenizer, unk_token="w0", eos_token="w1")
    words.save_pretrained(checkpoint)


def start_server(stack: ExitStack, checkpoint: Path, arguments: tuple[str, ...]) -> str:
    """Start a server that ends with the stack; return its address as soon as it answers.

    RuntimeError if it ends before, or does not answer in five minutes.
    """
    import urllib.request

    with socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    command = [sys.executable, "-m", "vllm.entrypoints.openai.api_server", "--port", port]
    command += ["--model", str(checkpoint), *OPTIONS, *arguments]
    server = subprocess.Popen(command, stdout=sys.stderr)
    stack.callback(server.wait, timeout=60)
    stack.callback(server.terminate)
    for _ in range(300):
        if server.poll() is not None:
            raise RuntimeError(f"the server ended with exit status {server.returncode}")
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5).close()
            return f"http://127.0.0.1:{port}"
        except OSError:
            time.sleep(1)
    raise RuntimeError("the server did not answer in five minutes")


def bench(address: str, checkpoint: Path, file: Path) -> dict:
    """Put a server under load; return the report of vLLM's bench.

    RuntimeError if the server left a request without an answer.
    """
    prompts = number_of_prompts()
    requests = 4 * prompts
    command = [sys.executable, "-c", BENCH, "--base-url", address, "--model", str(checkpoint)]
    command += ["--dataset-name", "random", "--num-prompts", str(requests), "--ignore-eos"]
    command += ["--random-input-len", str(PROMPT_TOKENS), "--random-output-len", str(NEW_TOKENS)]
    command += ["--max-concurrency", str(prompts), "--num-warmups", str(prompts), "--seed", "0"]
    command += ["--temperature", "0", "--disable-tqdm"]
    command += ["--save-result", "--result-dir", str(file.parent), "--result-filename", file.name]
    subprocess.run(command, check=True, stdout=sys.stderr, timeout=1800)
    report = json.loads(file.read_text())
    if report["completed"] != requests:
        raise RuntimeError(f"{report['completed']} of {requests} requests were answered")
    return report


def serving(folder: str, rounds: str, *arguments: str) -> dict:
    """Measure one server for each of NAMES; ``arguments`` are those of the servers.

    Gives "samples", as throughput() does.
    """
    models = Path(folder)
    samples: dict[str, dict[str, list]] = {name: {"rate": [], "first": []} for name in NAMES}
    with ExitStack() as stack:
        servers = {}
        for name in NAMES:
            add_tokenizer(save(models, name))
            servers[name] = start_server(stack, models / name, arguments)
        for number in range(int(rounds)):
            # The order changes, as in throughput().
            for name in sorted(servers, reverse=number % 2 == 1):
                report = bench(servers[name], models / name, models / "report.json")
                samples[name]["rate"].append(report["output_throughput"])
                samples[name]["first"].append(report["median_ttft_ms"] / 1000)
    return {"samples": samples}


# Startup: the steps of one start, in vLLM's order


def startup(checkpoint: str) -> dict:
    """Start an engine in this process; return the seconds of each step, and "together"."""
    times = {"start": time.perf_counter()}
    from vllm import LLM, ModelRegistry
    from vllm.plugins import load_general_plugins

    times["import vLLM"] = time.perf_counter()
    load_general_plugins()
    times["load plugins"] = time.perf_counter()
    [architecture] = json.loads(Path(checkpoint, "config.json").read_text())["architectures"]
    # vLLM reads its cache of what models can do, or asks a new process.
    ModelRegistry.models[architecture].inspect_model_cls()
    times["inspect the model class"] = time.perf_counter()
    LLM(checkpoint, max_model_len=256, skip_tokenizer_init=True, enforce_eager=True)
    times["make the engine"] = time.perf_counter()
    names = list(times)
    steps = {name: times[name] - times[before] for before, name in zip(names, names[1:])}  # noqa: B905
    return steps | {"together": times[names[-1]] - times["start"]}


# Processes: what a plugin costs each process, in three shapes

# The class itself, as in vLLM's own documentation, so that the model and all that it needs are
# imported; and a lazy string with no guard and no config, as in public plugins.
SHAPES = {
    "class object": """
def register():
    from vllm import ModelRegistry
    from {package}.model import MyModelForCausalLM
    if "MyModelForCausalLM" not in ModelRegistry.get_supported_archs():
        ModelRegistry.register_model("MyModelForCausalLM", MyModelForCausalLM)
""",
    "lazy string": """
def register():
    from vllm import ModelRegistry
    ModelRegistry.register_model("MyModelForCausalLM", "{package}.model:MyModelForCausalLM")
""",
}


def write_shape(folder: Path, package: str, init: str, original: Path) -> None:
    """Write a copy of a package with another __init__.py, and the metadata by which vLLM finds it."""
    shutil.copytree(original, folder / package)
    (folder / package / "__init__.py").write_text(init.format(package=package))
    info = folder / f"{package}-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1\n")
    text = f"[vllm.general_plugins]\n{package} = {package}:register\n"
    (info / "entry_points.txt").write_text(text)


def import_vllm() -> None:
    """Import what a process of vLLM has imported before it loads plugins."""
    import vllm.model_executor.models.registry  # noqa: F401
    from transformers import AutoConfig  # noqa: F401


def load_plugin(folder: str, package: str, in_bytes: bool = False) -> dict:
    """Find, import and register one plugin in this process, which has imported vLLM.

    Gives the seconds of each step, the "bytes" that it then holds (0 unless ``in_bytes``, which
    makes it slower), and the modules that the import of the package brought.
    """
    from importlib.metadata import entry_points

    sys.path.insert(0, folder)
    importlib.invalidate_caches()
    before = set(sys.modules)
    if in_bytes:
        tracemalloc.start()
    start = time.perf_counter()
    [entry] = [e for e in entry_points(group="vllm.general_plugins") if e.name == package]
    found = time.perf_counter()
    register = entry.load()
    loaded = time.perf_counter()
    heavy = ("torch", "transformers", "vllm")
    imported = [m for m in set(sys.modules) - before if m.partition(".")[0] in heavy]
    register()
    done = time.perf_counter()
    return {
        "discovery": found - start,
        "import": loaded - found,
        "register": done - loaded,
        "bytes": tracemalloc.get_traced_memory()[0] if in_bytes else 0,
        "imported by the package": sorted(imported),
    }


def one_process(folder: str, package: str) -> dict:
    """Do what load_plugin() does, in a new process: this one."""
    import_vllm()
    return load_plugin(folder, package)


def in_forked(*arguments) -> dict:
    """Call load_plugin() in a process forked from this one; RuntimeError if it fails there."""
    read, write = os.pipe()
    if os.fork() == 0:
        signal.alarm(600)
        try:
            os.write(write, json.dumps(load_plugin(*arguments)).encode())
        except BaseException:
            # The process must not go on with what its parent does.
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as pipe:
        text = pipe.read()
    _, status = os.wait()
    if status:
        raise RuntimeError(f"{arguments[1]} cannot be loaded in a forked process: see above")
    return json.loads(text)


def in_spawned(*arguments: str) -> dict:
    command = [sys.executable, __file__, "one_process", *arguments]
    output = subprocess.check_output(command, text=True, timeout=600)
    return json.loads(output.splitlines()[-1])


def processes(plugin: str, folder: str, forked: str, spawned: str, traced: str) -> dict:
    """Load the plugin, and each of SHAPES, in so many processes of each way to start one.

    Gives "samples": for each way and each package a list of what load_plugin() gives.
    """
    import_vllm()
    places = {"vllm_my_model": plugin}
    for name, text in SHAPES.items():
        package = "shape_" + name.replace(" ", "_")
        write_shape(Path(folder, package), package, text, Path(plugin, "vllm_my_model"))
        places[package] = str(Path(folder, package))
    # As pip does when it installs.
    for place in places.values():
        compileall.compile_dir(place, quiet=2)
    ways = {
        "forked": (int(forked), in_forked),
        "spawned": (int(spawned), in_spawned),
        "traced": (int(traced), lambda place, package: in_forked(place, package, True)),
    }
    samples: dict[str, dict[str, list]] = {way: {name: [] for name in places} for way in ways}
    for number in range(max(count for count, _ in ways.values())):
        for package, place in places.items():
            for way, (count, load) in ways.items():
                if number < count:
                    samples[way][package].append(load(place, package))
    return {"samples": samples}


COMMANDS = {
    function.__name__: function
    for function in (throughput, serving, startup, processes, one_process)
}


if __name__ == "__main__":
    command, *arguments = sys.argv[1:]
    print(json.dumps(COMMANDS[command](*arguments)))
