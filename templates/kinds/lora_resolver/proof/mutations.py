"""Breaks of the rendered package, each of which its own tests must catch on the fixture engine.

Each is what breaks: (file in the package, what stands there once, what to put there). Never rendered.
"""

# The files that look at this part, below tests/.
TESTS = [
    "test_adapters.py",
    "test_lora_resolver.py",
    "_template/test_lora_resolver_interface.py",
]
ADAPTERS, RESOLVER = "adapters.py", "lora_resolver.py"
MUTATIONS = {
    "a name may be a path": (ADAPTERS, 'or "/" in name or', "or"),
    "a name may be the folder above": (ADAPTERS, '("", ".", "..")', '("", ".")'),
    "an adapter may be a link out": (ADAPTERS, "for path in (folder, *", "for path in (*"),
    "a file may be a link out": (ADAPTERS, '(folder, *folder.rglob("*"))', "(folder,)"),
    "any base model will do": (
        ADAPTERS,
        "return stated == served or os.path.realpath(stated) == os.path.realpath(served)",
        "return True",
    ),
    "the id is another in each process": (
        ADAPTERS,
        'int.from_bytes(digest[:8], "big")',
        "abs(hash(name))",
    ),
    "a refusal is not logged": (
        RESOLVER,
        '            logger.warning("The LoRA adapter %s is refused: %s.", shown, reason)\n',
        "            assert reason\n",
    ),
    "a slow disk stops the server": (
        RESOLVER,
        "await asyncio.to_thread(find_adapter, lora_name, base_model_name)",
        "find_adapter(lora_name, base_model_name)",
    ),
}
