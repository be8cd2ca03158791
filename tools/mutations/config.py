"""Breaks of the settings that a config class knows."""

from mutations.mutation import KINDS, SHARED, Mutation

SETTINGS = "tests/kinds/test_settings.py"

MUTATIONS = [
    Mutation("settings: an unknown one is accepted", f"{SHARED}/plugin/_settings.py",
             "if is_set(value) and name not in known and", "if False and", SETTINGS),
    Mutation("settings: HARMLESS is ignored", f"{SHARED}/plugin/_settings.py",
             "*type(config).attribute_map, *harmless,", "*type(config).attribute_map,", SETTINGS),
    Mutation("settings: a list of zeros asks for nothing", f"{SHARED}/plugin/_settings.py",
             'any(each != "full_attention"', 'any(each and each != "full_attention"', SETTINGS),
    Mutation("settings: a part of config.json is not named", f"{SHARED}/plugin/_settings.py",
             'harmless, f"{name} in config.json")', "harmless)", SETTINGS),
    Mutation("settings: a part of config.json is passed over", f"{SHARED}/plugin/_settings.py",
             "        refuse_unknown_in_parts(self)\n", "", SETTINGS),
    Mutation("settings: another epsilon by default", f"{KINDS}/decoder/plugin/config.py",
             "rms_norm_eps: float = 1e-6", "rms_norm_eps: float = 1e-5", SETTINGS),
    Mutation("settings: fewer heads by default", f"{KINDS}/decoder/plugin/config.py",
             "num_attention_heads: int = 32", "num_attention_heads: int = 16", SETTINGS),
    Mutation("settings: more positions by default", f"{KINDS}/decoder/plugin/config.py",
             "max_position_embeddings: int = 2048", "max_position_embeddings: int = 4096",
             SETTINGS),
]  # fmt: skip
