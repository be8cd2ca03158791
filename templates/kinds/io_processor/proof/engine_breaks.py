"""Breaks of the fixture engine, and the cases of conformance that each must fail. Never rendered.

Each is what breaks: (file of the fixture engine, what stands there once, what to put there, cases).
"""

FIND, INTERFACE = "plugins/io_processors/__init__.py", "plugins/io_processors/interface.py"
BREAKS = {
    "config.json decides which IO processor is made": (
        FIND,
        "name = plugin_from_init or in_config_json",
        "name = in_config_json or plugin_from_init",
        ["an_io_processor_is_made_only_if_it_is_asked_for_and_the_option_comes_first"],
    ),
    "an IO processor that is not there is left out": (
        FIND,
        "    if name not in places:\n",
        "    if name not in places:\n        return None\n",
        ["an_io_processor_that_vllm_plugins_keeps_out_is_called_not_installed"],
    ),
    "the function of an IO processor may raise": (
        FIND,
        "        except Exception:\n",
        "        except ZeroDivisionError:\n",
        ["an_io_processor_whose_function_fails_or_returns_nothing_is_left_out"],
    ),
    "the class of an IO processor is checked": (
        FIND,
        "    # What is found there is not checked.\n",
        "    if module == 'anything':\n        raise TypeError(class_name)\n",
        ["whatever_class_an_io_processor_function_names_is_made"],
    ),
    "of two IO processors the first is made": (
        "plugins/__init__.py",
        "plugins[plugin.name] = plugin.load()",
        "plugins.setdefault(plugin.name, plugin.load())",
        ["of_two_io_processors_with_one_name_the_later_is_made"],
    ),
    "an IO processor may leave out a method": (
        INTERFACE,
        "    @abstractmethod\n    def post_process(",
        "    def post_process(",
        ["an_io_processor_without_one_of_two_methods_cannot_be_made"],
    ),
    "an IO processor asks for vectors": (
        INTERFACE,
        'task="plugin"',
        'task="embed"',
        ["an_io_processor_asks_for_the_task_plugin_or_for_what_it_is_given"],
    ),
    "outputs come as they are done": (
        INTERFACE,
        "for place in sorted(found)]",
        "for place in found]",
        ["an_io_processor_gets_the_outputs_in_the_order_of_its_prompts"],
    ),
}
