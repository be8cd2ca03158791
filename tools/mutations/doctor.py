"""Breaks of the doctor."""

from mutations.mutation import LOOKS, PACKAGE, PROJECT, SHARED, Mutation

ALL = "tests/doctor"
INSTALLATION = "tests/doctor/test_doctor_installation.py"
IMPORTS = "tests/doctor/test_doctor_imports.py"
CURES = "tests/doctor/test_doctor_cures.py"
ENVIRONMENT = "tests/doctor/test_doctor_environment.py"
OF_VLLM = "tests/doctor/test_doctor_vllm.py"
REGISTRATION = "tests/doctor/test_doctor_registration.py"
MODEL_TYPES = "tests/doctor/test_doctor_model_types.py"
CHECKPOINT = "tests/doctor/test_doctor_checkpoint.py"
COMMAND = "tests/doctor/test_doctor_command.py"

MUTATIONS = [
    Mutation("doctor: a problem is no failure", f"{PACKAGE}/__main__.py",
             "return int(any(level == PROBLEM for level, _, _ in findings))", "return 0",
             INSTALLATION),
    Mutation("doctor: the first of two plugins counts", f"{LOOKS}/installation.py",
             "last = named[-1] is used", "last = named[0] is used", INSTALLATION),
    Mutation("doctor: a model type that nobody has is well", f"{LOOKS}/registration.py",
             "return judge(owner is not None, text, cure)", "return judge(True, text, cure)",
             MODEL_TYPES),
    Mutation("doctor: a config class of vLLM's own is passed over", f"{SHARED}/plugin/_models.py",
             'ChainMap(getattr(configs, "_CONFIG_REGISTRY", {}), CONFIG_MAPPING)',
             "ChainMap(CONFIG_MAPPING)", MODEL_TYPES),
    Mutation("doctor: spaces in VLLM_PLUGINS are passed over", f"{LOOKS}/environment.py",
             "trimmed = [name.strip() for name in names]", "trimmed = names", ENVIRONMENT),
    Mutation("doctor: a space behind a name is passed over", f"{LOOKS}/environment.py",
             "names = [PLUGIN_NAME] if value is None else value.split(",
             "names = [PLUGIN_NAME] if value is None else value.rstrip().split(",
             f"{ENVIRONMENT} -k vllm_plugins"),
    Mutation("doctor: all lets the plugin in", f"{LOOKS}/environment.py",
             '"which lets the plugin in": PLUGIN_NAME in names,',
             '"which lets the plugin in": PLUGIN_NAME in names or "all" in names,',
             f"{ENVIRONMENT} -k vllm_plugins"),
    Mutation("README: all lets every plugin in", f"{PROJECT}/docs/_template/loading.md",
             "| `all`, or set and empty | none: no plugin has that name |",
             "| `all`, or set and empty | every plugin that is installed |",
             f"{ENVIRONMENT} -k readme"),
    Mutation("doctor: the current folder is not looked at", f"{LOOKS}/installation.py",
             "    yield from look_at_current_folder()\n", "", f"{IMPORTS} -k folder"),
    Mutation("doctor: a mere folder is passed over", f"{LOOKS}/imports.py",
             "        spec = next(filter(None, specs), None)\n",
             "        spec = next((s for s in specs if s and s.origin and s.loader), None)\n",
             f"{IMPORTS} -k folder"),
    Mutation("doctor: pip where there is none", f"{LOOKS}/installers.py",
             '    if find_spec("pip"):\n', "    if True:\n", CURES),
    Mutation("doctor: a path with a space is not quoted", f"{LOOKS}/findings.py",
             "return shlex.join(map(str, words))", 'return " ".join(map(str, words))',
             CURES),
    Mutation("doctor: any project above is installed", f"{LOOKS}/installers.py",
             'if names.search(file.read_text("utf-8", errors="replace")):',
             'if file.read_text("utf-8", errors="replace") is not None:', CURES),
    Mutation("doctor: only the folder above is looked at", f"{LOOKS}/installers.py",
             "for folder in package.parents:", "for folder in [package.parent]:",
             CURES),
    Mutation("doctor: params.json is passed over", f"{SHARED}/doctor/checkpoint.py",
             "    if params.is_file():\n", "    if False:\n", f"{CHECKPOINT} -k files"),
    Mutation("doctor: consolidated weights in a folder below", f"{SHARED}/doctor/checkpoint.py",
             "folder.rglob(MISTRALS)", "folder.glob(MISTRALS)", f"{CHECKPOINT} -k files"),
    Mutation("doctor: no weights are enough", f"{SHARED}/doctor/checkpoint.py",
             "    yield from look_at_weights(folder)\n", "", f"{CHECKPOINT} -k files"),
    Mutation("doctor: the front end in Rust is passed over", f"{LOOKS}/environment.py",
             "    if used:\n", "    if False:\n", f"{ENVIRONMENT} -k front_end"),
    Mutation("doctor: an error is quoted whole", f"{LOOKS}/findings.py",
             "return line if len(line) <= limit else", "return line if True else",
             CHECKPOINT),
    Mutation("doctor: a process that takes too long leaves another", f"{LOOKS}/processes.py",
             "os.killpg(child.pid, signal.SIGKILL)", "child.kill()", f"{OF_VLLM} -k never_ends"),
    Mutation("doctor: a reader who stops gets a traceback", f"{LOOKS}/findings.py",
             "except BrokenPipeError:", "except ZeroDivisionError:", f"{COMMAND} -k reader_who"),
    Mutation("doctor: something that no test provokes", f"{LOOKS}/processes.py",
             "    if checkpoint:\n        yield from",
             '    if ARCHITECTURE == "":\n'
             '        yield WARNING, "There is no architecture at all.", "name one."\n'
             "    if checkpoint:\n        yield from", ALL),
    Mutation("doctor: what a real vLLM is needed for is a problem", f"{LOOKS}/registration.py",
             "    untried = needs_real_vllm(error)\n    if untried:\n        text = f\"register",
             "    untried = False\n    if untried:\n        text = f\"register",
             f"{REGISTRATION} -k real_vllm"),
]  # fmt: skip
