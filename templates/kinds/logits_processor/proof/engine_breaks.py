"""Breaks of the fixture engine, and the cases of conformance that each must fail. Never rendered.

Each is what breaks: (file of the fixture engine, what stands there once, what to put there, cases).
"""

V1 = "v1/sample/logits_processor/__init__.py"
V2 = "v1/worker/gpu/sample/logits_processor/loader.py"
INSTALLED = "installed = [load_installed(entry) for entry in entry_points(group=LOGITSPROCS_GROUP)]"
GATED = (
    'import os\n    allowed = os.environ.get("VLLM_PLUGINS", "mine,same").split(",")\n'
    "    installed = [load_installed(entry) for entry in entry_points(group=LOGITSPROCS_GROUP)\n"
    "                 if entry.name in allowed]"
)
BREAKS = {
    "VLLM_PLUGINS decides about logits processors": (
        V1,
        INSTALLED,
        GATED,
        ["vllm_plugins_does_not_keep_a_logits_processor_out"],
    ),
    "a logits processor that cannot be imported is left out": (
        V1,
        '        raise RuntimeError(f"Failed to load LogitsProcessor plugin {entry}") from error\n',
        "        return None\n",
        ["a_logits_processor_that_cannot_be_imported_stops_vllm"],
    ),
    "its failure is not logged": (
        V1,
        '        logger.error("Failed to load LogitsProcessor plugin %s: %s", entry, error)\n',
        "",
        ["a_logits_processor_that_cannot_be_imported_stops_vllm"],
    ),
    "of two with one name one runs": (
        V1,
        "for entry in entry_points(group=LOGITSPROCS_GROUP)]",
        "for entry in {e.name: e for e in entry_points(group=LOGITSPROCS_GROUP)}.values()]",
        ["of_two_logits_processors_with_one_name_both_run"],
    ),
    "what is found and named is found once": (
        V1,
        "return installed + named",
        "return list(dict.fromkeys(installed + named))",
        ["a_logits_processor_that_is_found_and_named_runs_twice"],
    ),
    "named ones come first": (
        V1,
        "return installed + named",
        "return named + installed",
        ["logits_processors_that_are_found_come_before_those_that_are_named"],
    ),
    "any class may be named": (
        V1,
        "if not issubclass(found, base):",
        "if False:",
        ["a_logits_processor_of_another_base_class_is_refused_if_it_is_named"],
    ),
    "V1 looks at the base of what is found": (
        V1,
        "        return entry.load()\n",
        "        return load_named(entry.load(), LogitsProcessor)\n",
        ["model_runner_v1_takes_whatever_an_entry_point_gives"],
    ),
    "V2 does not look at the base of what is found": (
        V2,
        "if not (isinstance(found, type) and issubclass(found, LogitsProcessor)):",
        "if False:",
        ["model_runner_v2_refuses_a_logits_processor_with_the_interface_of_v1_alone"],
    ),
    "a method may be left out": (
        V1,
        "    @abstractmethod\n    def update_state(",
        "    def update_state(",
        ["a_logits_processor_without_one_of_the_methods_cannot_be_made"],
    ),
    "there is one direction": (
        V1,
        "    SWAP = 2\n",
        "    SWAP = 1\n",
        ["a_change_of_the_batch_says_what_was_removed_added_and_moved"],
    ),
    "a request asks for nothing unless V2 is told": (
        "v1/worker/gpu/sample/logits_processor/__init__.py",
        "        return True\n",
        "        return None\n",
        ["what_a_logits_processor_for_model_runner_v2_leaves_out_does_nothing"],
    ),
}
