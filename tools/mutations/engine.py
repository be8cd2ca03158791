"""Breaks of the fixture engine, and of how tests skip what it lacks."""

from mutations.mutation import ENGINE, PROJECT, Mutation

CONFORMS = "tests/engine/test_conformance.py -k fixture_engine_conforms"
SKIPS = "tests/engine/test_skips.py"
LACKS = "tests/engine/test_fixture_lacks.py"
REGISTRY = "tests/engine/test_fixture_registry.py"
LOG = "tests/engine/test_fixture_log.py"
LETTER = "tests/engine/test_fixture_plugins.py -k as_it_stands"

# tests/engine/test_conformance.py breaks it in more places.
MUTATIONS = [
    Mutation("engine: names in VLLM_PLUGINS are trimmed behind", f"{ENGINE}/plugins/__init__.py",
             'os.environ["VLLM_PLUGINS"].split(",") if',
             'os.environ["VLLM_PLUGINS"].rstrip().split(",") if',
             CONFORMS),
    Mutation("engine: what is lacking is not named", f"{ENGINE}/__init__.py",
             "    sys.meta_path.append(Finder)\n", "", f"{LACKS} -k lacking"),
    Mutation("engine: it is not noted what is lacking", f"{ENGINE}/_lacking.py",
             "if _noting and (notes", "if False and (notes", SKIPS),
    Mutation("engine: a model's import counts as lacking", f"{ENGINE}/_lacking.py",
             "before, _noting = _noting, False", "before, _noting = _noting, True",
             f"{LACKS} -k noted"),
    Mutation("skips: a test that passes without its step is green",
             f"{PROJECT}/tests/_template/fixture_skips.py",
             "if report.passed or comes_of_it", "if comes_of_it", SKIPS),
    Mutation("skips: any failure beside what is lacking is skipped",
             f"{PROJECT}/tests/_template/fixture_skips.py",
             "comes_of_it(error) or register_needs_a_real_vllm()", "True", SKIPS),
    Mutation("skips: a file that imports what is lacking fails",
             f"{PROJECT}/tests/_template/fixture_skips.py",
             "    if report.failed and call and", "    if False and", SKIPS),
    Mutation("engine: VLLM_PLUGINS is ignored", f"{ENGINE}/plugins/__init__.py",
             "if allowed is not None and plugin.name not in allowed:", "if False:", CONFORMS),
    Mutation("engine: a space at the end is trimmed", f"{ENGINE}/plugins/__init__.py",
             "plugin.name not in allowed:", "plugin.name not in [n.rstrip(' ') for n in allowed]:",
             LETTER),
    Mutation("engine: capitals do not count", f"{ENGINE}/plugins/__init__.py",
             "plugin.name not in allowed:", "plugin.name.lower() not in map(str.lower, allowed):",
             LETTER),
    Mutation("engine: a part of a name is enough", f"{ENGINE}/plugins/__init__.py",
             "plugin.name not in allowed:", "plugin.name not in ','.join(allowed):", LETTER),
    Mutation("engine: logs at DEBUG unasked", f"{ENGINE}/logger.py", '"VLLM_LOGGING_LEVEL", "INFO"',
             '"VLLM_LOGGING_LEVEL", "DEBUG"', f"{LOG} -k level"),
    Mutation("engine: a level in small letters is none", f"{ENGINE}/logger.py", ").upper())", "))",
             f"{LOG} -k level"),
    Mutation("engine: logs twice", f"{ENGINE}/logger.py",
             "logger.handlers, logger.propagate = [handler], False",
             "logger.addHandler(handler)\n    logger.propagate = False", f"{LOG} -k level"),
    Mutation("engine: a note of no source counts", f"{ENGINE}/model_executor/models/registry.py",
             " == source_hash is not None", " == source_hash", f"{REGISTRY} -k without_a_file"),
    Mutation("engine: a note is never read", f"{ENGINE}/model_executor/models/registry.py",
             'return _ModelInfo(**cached["modelinfo"])', "pass", f"{REGISTRY} -k noted"),
    Mutation("engine: notes elsewhere", f"{ENGINE}/model_executor/models/registry.py",
             '"~/.cache/vllm"', '"~/.cache"', f"{REGISTRY} -k home"),
    Mutation("engine: in-tree models without modules",
             f"{ENGINE}/model_executor/models/registry.py",
             "{_name.lower()}:", "{_name}:", f"{REGISTRY} -k in_tree"),
    Mutation("engine: two colons pass", f"{ENGINE}/model_executor/models/registry.py",
             'model_cls.count(":") != 1', 'model_cls.count(":") < 1', CONFORMS),
]  # fmt: skip
