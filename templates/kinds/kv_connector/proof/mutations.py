"""Breaks of the rendered package, each of which its own tests must catch on the fixture engine.

Each is what breaks: (file in the package, what stands there once, what to put there). Never rendered.
"""

# The files that look at this part, below tests/.
TESTS = [
    "test_kv_store.py",
    "test_kv_connector.py",
    "_template/test_kv_connector_interface.py",
    "_template/test_kv_identity.py",
    "_template/test_kv_blocks.py",
]
STORE, HALVES, CONNECTOR = "kv_store.py", "kv_halves.py", "kv_connector.py"
MUTATIONS = {
    "the checksum is not looked at": (
        STORE,
        "if held[:length] != checksum(key, layout, held[length:]):",
        "if len(held) < length:",
    ),
    "a key forgets the tokens before its block": (
        STORE,
        "key = hash_of(key, *tokens[end - block_size : end])",
        "key = hash_of(scope, salt, *tokens[end - block_size : end])",
    ),
    "all tokens of a prompt are loaded": (
        HALVES,
        "tokens[:-1], self._block_size",
        "tokens, self._block_size",
    ),
    "blocks that vLLM has are loaded over": (HALVES, "blocks[first:], strict", "blocks, strict"),
    "a request that is aborted is stored": (
        CONNECTOR,
        " and request.status.name in FINISHED):",
        "):",
    ),
    "what cannot be loaded is kept quiet": (
        HALVES,
        "                self._failed.add(block)\n",
        "",
    ),
    "one worker's file is enough": (HALVES, "for rank in range(self._ranks))", "for rank in [0])"),
    "a second registration is an error": (
        "_kv_connectors.py",
        "            if owner_of_kv_connector(name) != mine:\n                raise",
        "            raise",
    ),
    "the weights do not count": (
        "_kv_identity.py",
        '        "weights": weights_in(Path(model.model)),\n',
        "",
    ),
}
