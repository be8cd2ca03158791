"""Breaks of the fixture engine, and the cases of conformance that each must fail. Never rendered.

Each is what breaks: (file of the fixture engine, what stands there once, what to put there, cases).
"""

FILE = "platforms/__init__.py"
APPLIES = "a_platform_plugin_that_applies_is_asked_twice_and_goes_before_vllms_own"
LOADED = "    plugins = load_plugins_by_group(PLATFORM_PLUGINS_GROUP)\n"
BREAKS = {
    "a platform plugin is asked once": (
        FILE,
        "        path = plugins[of_plugins[0]]()\n",
        '        path = "the_platform.ThePlatform"\n',
        [APPLIES],
    ),
    "vLLM's own platform goes first": (FILE, "    if of_plugins:", "    if False:", [APPLIES]),
    "what a platform plugin raises is let out": (
        FILE,
        "    except Exception:",
        "    except ZeroDivisionError:",
        ["a_platform_plugin_that_raises_is_passed_over_in_silence"],
    ),
    "what a platform plugin raises is shown": (
        FILE,
        'logger.debug("Platform plugin %s failed',
        'logger.warning("Platform plugin %s failed',
        ["a_platform_plugin_that_raises_is_passed_over_in_silence"],
    ),
    "of two platform plugins one is taken": (
        FILE,
        "    if len(of_plugins) > 1:",
        "    if False:",
        ["two_platform_plugins_that_apply_stop_vllm"],
    ),
    "VLLM_PLUGINS does not decide about platforms": (
        FILE,
        LOADED,
        f'    os.environ.pop("VLLM_PLUGINS", None)\n{LOADED}',
        ["vllm_plugins_keeps_a_platform_plugin_out"],
    ),
    "a platform plugin's name does not matter": (
        FILE,
        "[*builtin_platform_plugins.items(), *plugins.items()]",
        "plugins.items()",
        ["a_platform_plugin_with_the_name_of_one_of_vllms_own_is_taken_for_it"],
    ),
    "VLLM_TARGET_DEVICE does not matter": (
        FILE,
        '.lower() == "cpu":',
        '.lower() == "gpu":',
        ["where_vllm_target_device_is_cpu_no_platform_plugin_is_asked"],
    ),
    "a platform is made each time": (
        FILE,
        "    if _current_platform is None:",
        "    if True:",
        ["a_platform_is_made_of_its_path_once_in_a_process"],
    ),
}
