"""Breaks of the fixture engine, and the cases of conformance that each must fail. Never rendered.

Each is what breaks: (file of the fixture engine, what stands there once, what to put there, cases).
"""

LOGGERS, STATS = "v1/metrics/loggers.py", "v1/metrics/stats.py"
BREAKS = {
    "VLLM_PLUGINS does not decide about stat loggers": (
        LOGGERS,
        "in load_plugins_by_group(STAT_LOGGER_PLUGINS_GROUP).items()",
        "in [(e.name, e.load()) for e in __import__('importlib.metadata', fromlist=['x'])"
        ".entry_points(group=STAT_LOGGER_PLUGINS_GROUP)]",
        [
            "vllm_plugins_decides_about_stat_loggers_and_no_general_plugin_is_called",
            "a_stat_logger_that_cannot_be_imported_is_logged_and_left_out",
            "of_two_stat_loggers_with_one_name_the_later_is_made",
        ],
    ),
    "any stat logger will do": (
        LOGGERS,
        "if not isinstance(found, type) or not issubclass(found, StatLoggerBase):",
        "if False:",
        ["a_stat_logger_that_is_a_function_or_another_class_stops_vllm"],
    ),
    "a stat logger may lack a method": (
        LOGGERS,
        "    @abstractmethod\n    def log_engine_initialized(self): ...",
        "    def log_engine_initialized(self):\n        return None",
        ["a_stat_logger_without_one_of_the_methods_cannot_be_made"],
    ),
    "a stat logger is told what any engine did": (
        LOGGERS,
        "        if engine_idx not in self.per_engine_stat_loggers:\n",
        "        engine_idx = 0\n        if engine_idx not in self.per_engine_stat_loggers:\n",
        ["a_stat_logger_is_made_for_each_engine_and_told_what_that_one_did"],
    ),
    "a finished request lacks a figure": (
        STATS,
        "    num_cached_tokens: int = 0\n",
        "",
        ["a_finished_request_has_these_figures_and_a_reason_with_a_name"],
    ),
    "a reason is a number": (
        "v1/engine/__init__.py",
        "return self.name.lower()",
        "return str(self.value)",
        ["a_finished_request_has_these_figures_and_a_reason_with_a_name"],
    ),
}
