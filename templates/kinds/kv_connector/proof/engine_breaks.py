"""Breaks of the fixture engine, and the cases of conformance that each must fail. Never rendered.

Each is what breaks: (file of the fixture engine, what stands there once, what to put there, cases).
"""

FACTORY = "distributed/kv_transfer/kv_connector/factory.py"
BASE = "distributed/kv_transfer/kv_connector/v1/base.py"
BREAKS = {
    "a KV connector is registered twice": (
        FACTORY,
        "if name in cls._registry:",
        "if False:",
        ["a_second_registration_of_a_kv_connector_is_a_value_error"],
    ),
    "a KV connector is imported when it is registered": (
        FACTORY,
        "        cls._registry[name] = loader",
        "        importlib.import_module(module_path)\n        cls._registry[name] = loader",
        ["a_kv_connector_is_registered_by_name_and_imported_when_it_is_asked_for"],
    ),
    "a KV connector is found by its name first": (
        FACTORY,
        "        if path:\n",
        "        if path and name not in cls._registry:\n",
        ["the_module_path_of_a_kv_connector_goes_before_its_name"],
    ),
    "a KV connector by its path may take two arguments": (
        FACTORY,
        'if "kv_cache_config" not in inspect.signature(found).parameters:',
        "if False:",
        ["a_kv_connector_by_its_path_must_take_three_arguments"],
    ),
    "any cache will do for a KV connector": (
        FACTORY,
        "if hybrid and not supports_hma(found):",
        "if False:",
        ["a_kv_connector_that_does_not_support_several_caches_is_refused_where_they_may_be"],
    ),
    "a KV connector needs no method": (
        BASE,
        "    @abstractmethod\n    def save_kv_layer(",
        "    def save_kv_layer(",
        ["a_kv_connector_that_lacks_a_method_cannot_be_made"],
    ),
    "a KV connector forgets its metadata": (
        BASE,
        "self._connector_metadata = connector_metadata",
        "self._connector_metadata = None",
        ["a_kv_connector_keeps_what_it_is_made_with_and_what_it_is_sent"],
    ),
}
