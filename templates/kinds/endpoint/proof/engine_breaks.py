"""Breaks of the fixture engine, and the cases of conformance that each must fail. Never rendered.

Each is what breaks: (file of the fixture engine, what stands there once, what to put there, cases).
"""

PLUGINS = "plugins/__init__.py"
BREAKS = {
    "an endpoint is loaded unless VLLM_PLUGINS keeps it out": (
        PLUGINS,
        'if "VLLM_PLUGINS" not in os.environ:',
        "if False:",
        ["an_endpoint_is_loaded_only_where_vllm_plugins_names_it"],
    ),
    "that VLLM_PLUGINS is not set is not warned of": (
        PLUGINS,
        "            logger.warning(text, names)\n",
        "            pass\n",
        ["without_vllm_plugins_a_warning_names_the_endpoints_and_nothing_is_imported"],
    ),
    "the tasks of an endpoint do not matter": (
        PLUGINS,
        "if required is not None and not set",
        "if False and not set",
        ["an_endpoint_whose_tasks_a_server_lacks_is_left_out_with_a_line_at_info"],
    ),
    "all tasks of an endpoint must be there": (
        PLUGINS,
        "not set(required) & set(supported_tasks or ())",
        "not set(required) <= set(supported_tasks or ())",
        ["one_of_its_tasks_is_enough_for_an_endpoint"],
    ),
    "an endpoint that cannot be made stops the server": (
        PLUGINS,
        "            endpoint = factory()\n        except Exception:\n",
        "            endpoint = factory()\n        except ZeroDivisionError:\n",
        ["an_endpoint_that_cannot_be_made_is_logged_and_the_others_are_loaded"],
    ),
    "tasks that are a text are one task": (
        PLUGINS,
        "required = endpoint.required_tasks\n",
        "required = endpoint.required_tasks\n"
        "        required = (required,) if isinstance(required, str) else required\n",
        ["of_tasks_that_are_a_text_the_letters_are_read"],
    ),
    "an endpoint may lack a method": (
        "plugins/endpoint_plugins/interface.py",
        "    async def init_state(self, engine_client: Any, state: Any, args: Any) -> None: ...\n",
        "",
        ["an_endpoint_has_a_name_tasks_and_two_methods"],
    ),
}
