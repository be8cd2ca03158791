"""Breaks of the rendered package, each of which its own tests must catch on the fixture engine.

Each is what breaks: (file in the package, what stands there once, what to put there). Never rendered.
"""

# The files that look at this part, below tests/.
TESTS = [
    "test_logits_processor.py",
    "_template/test_logits_state.py",
    "_template/test_logits_processor_interface.py",
]
STATE, BASE, PROCESSOR = "_logits_state.py", "_logits_base.py", "logits_processor.py"
FOUND = "_logits_processors.py"
MUTATIONS = {
    "what left the batch stays": (
        STATE,
        "            self.put(index, None)\n",
        "            pass\n",
    ),
    "a request that asks for nothing inherits what was asked": (
        STATE,
        "            self._numbers.pop(index, None)\n        else:",
        "            pass\n        else:",
    ),
    "a move is a swap": (STATE, "            if swap:\n", "            if True:\n"),
    "a swap is a move": (STATE, "            if swap:\n", "            if False:\n"),
    "what moves stays behind too": (
        STATE,
        "mine, other = self._numbers.pop(source, None)",
        "mine, other = self._numbers.get(source)",
    ),
    "moves come before what is added": (
        STATE,
        "        for index, numbers in added:\n            self.put(index, numbers)\n",
        "        for source, target, swap in moved:\n"
        "            mine, other = self._numbers.pop(source, None), self._numbers.pop(target, None)\n"
        "            self.put(source, other if swap else None)\n"
        "            self.put(target, mine)\n"
        "        moved = []\n"
        "        for index, numbers in added:\n            self.put(index, numbers)\n",
    ),
    "rows that nobody asked for are changed": (
        STATE,
        "self._numbers.get(index, unchanged)",
        "self._numbers.get(index, next(iter(self._numbers.values()), unchanged))",
    ),
    "a swap is told from a move by nothing": (BASE, "how is swap) for", "False) for"),
    "added requests are not looked at": (
        BASE,
        "for index, params, *_ in batch_update.added]",
        "for index, params, *_ in []]",
    ),
    "numbers are kept when the batch changes": (
        BASE,
        "            )\n            self._table = None\n",
        "            )\n",
    ),
    "numbers are kept when a slot is taken": (
        BASE,
        "self._accepted(sampling_params))\n        self._table = None\n",
        "self._accepted(sampling_params))\n",
    ),
    "numbers are kept when the batch grows": (
        BASE,
        "if self._table is None or len(self._table) != length:",
        "if self._table is None:",
    ),
    "slots are taken for rows": (BASE, "numbers[ctx.expanded_idx_mapping.long()]", "numbers"),
    "every step of V2 is edited": (
        BASE,
        "if not any(slot in self._asked for slot in ctx.idx_mapping_np.tolist()):",
        "if False:",
    ),
    "V2 is told that no request asks": (BASE, "return req_idx in self._asked", "return False"),
    "a bad argument ends the engine": (
        BASE,
        "        except ValueError as error:\n            logger",
        "        except ZeroDivisionError as error:\n            logger",
    ),
    "a bad argument is not refused": (BASE, "        cls.asked_in(sampling_params)\n", ""),
    "a refusal does not name the argument": (
        BASE,
        "{cls.name()} = {asked!r:.80} {error}",
        "{error}",
    ),
    "greedy requests skip it": (BASE, "        return False\n", "        return True\n"),
    "it may run twice": (BASE, "    if installed and any(", "    if False and any("),
    "a class that is given may run twice": (BASE, "each in (found, path)", "each == path"),
    "tokens are read": (
        BASE,
        "for index, params, *_ in batch_update.added]",
        "for index, params, _, output in batch_update.added if not output or True]",
    ),
    "V2 is not inherited": (BASE, "(LogitsProcessor, LogitsProcessorV2):", "(LogitsProcessor):"),
    "nothing is asked of a threshold": (
        PROCESSOR,
        "if not (isinstance(asked, int | float) and 0 < asked <= 0.5):",
        "if False:",
    ),
    "nothing is no threshold": (PROCESSOR, "0 < asked <=", "0 <= asked <="),
    "any threshold up to 1 will do": (PROCESSOR, "<= 0.5):", "<= 1):"),
    "owners are taken for others": (FOUND, "[*mine, *found]", "[]"),
}
