"""Breaks of the audit."""

from mutations.mutation import AUDIT, Mutation

CHANGES = "tests/audit/test_audit_changes.py"
SOURCES = "tests/audit/test_audit_sources.py"
COMMAND = "tests/audit/test_audit_command.py"
REFERENCE = "tests/audit/test_audit_reference.py"
GUARDS = "tests/audit/test_reading_guards.py"
NAMES = "tests/audit/test_reading_names.py"
CALLS = "tests/audit/test_reading_calls.py"
SUBCLASSES = "tests/audit/test_reading_changes.py"
MODELS = "tests/audit/test_reading_models.py"

MUTATIONS = [
    Mutation("audit: what breaks is no failure", f"{AUDIT}/__main__.py",
             'return 1 if report.sections["Breaking"] else 0', "return 0", CHANGES),
    Mutation("audit: keywords are not looked at", f"{AUDIT}/reader.py",
             "keywords = tuple(k.arg for k in node.keywords if k.arg)", "keywords = ()", CALLS),
    Mutation("audit: defaults are not looked at", f"{AUDIT}/signatures.py",
             'f" = {text_of(parameter.default)}"', '" = …"', CHANGES),
    Mutation("audit: what is inherited counts as gone", f"{AUDIT}/vllm_source.py",
             "                    add(each.found)\n", "                    pass\n", CHANGES),
    Mutation("audit: never says 'is called without'", f"{AUDIT}/findings.py",
             'lost = missing if old.get("parameters") is not None else []', "lost = []",
             SUBCLASSES),
    Mutation("audit: bases are not compared", f"{AUDIT}/findings.py",
             '("bases", "has the bases"), ', "", SUBCLASSES),
    Mutation("audit: where a symbol stands is not compared", f"{AUDIT}/findings.py",
             'if old.get("at") != new["at"]:', "if False:", SUBCLASSES),
    Mutation("audit: where a symbol has moved is not searched", f"{AUDIT}/findings.py",
             'places = source.search(place.rpartition(".")[2]) if use.kind == "import" else []',
             "places = []", CHANGES),
    Mutation("audit: bodies are not compared", f"{AUDIT}/findings.py",
             'changed = old.get("digest") != new.get("digest")', "changed = False", CHANGES),
    Mutation("audit: a guarded import breaks", f"{AUDIT}/branches.py",
             "            if not self.lacking(end):\n"
             "                self.make_optional(failed, end)\n",
             "", GUARDS),
    Mutation("audit: neither alternative is there, and nothing is said", f"{AUDIT}/branches.py",
             "            if not self.lacking(end):\n"
             "                self.make_optional(failed, end)\n",
             "            self.make_optional(failed)\n", GUARDS),
    Mutation("audit: an except that raises again counts as a guard", f"{AUDIT}/guards.py",
             "return not isinstance(handler.body[-1], ast.Raise)", "return True", GUARDS),
    Mutation("audit: a missing name counts as a missing module", f"{AUDIT}/uses.py",
             "return ImportError if found else ModuleNotFoundError",
             "return ModuleNotFoundError", GUARDS),
    Mutation("audit: what is for type checkers runs", f"{AUDIT}/guards.py",
             "        if is_type_checking(node):\n            return False\n", "", GUARDS),
    Mutation("audit: versions are not compared", f"{AUDIT}/guards.py",
             "return compare(left_version, operator, right_version) if known else None",
             "return None", f"{GUARDS} -k so"),
    Mutation("audit: what was never there is not named", f"{AUDIT}/findings.py",
             "needed = [use for use in needed if use.kind not in ADDITIONS and not ours]",
             "needed = []", NAMES),
    Mutation("audit: what cannot be followed is not counted", f"{AUDIT}/findings.py",
             "if outcome.value in UNRESOLVED:", "if False:", NAMES),
    Mutation("audit: what a subclass has counts as absent", f"{AUDIT}/vllm_source.py",
             "files = self.files_of_subclasses(classes[0].name)", "files = set()", NAMES),
    Mutation("audit: fields of a dataclass's bases are missed", f"{AUDIT}/vllm_source.py",
             "bases = [base for base in classes[number:] if self.is_dataclass(base)]",
             "bases = [each]", CALLS),
    Mutation("audit: self is not counted for a method taken from its class",
             f"{AUDIT}/findings.py", "unbound = int(self.source.is_unbound(use.place))",
             "unbound = 0", CALLS),
    Mutation("audit: a signature that was unknown is a traceback", f"{AUDIT}/findings.py",
             'in old.get("parameters") or []}', 'in old.get("parameters", [])}', CALLS),
    Mutation("audit: a download that was cut off is a traceback", f"{AUDIT}/vllm_files.py",
             "    EOFError,\n    RuntimeError,\n    UnicodeError,\n    zlib.error,\n",
             "    RuntimeError,\n    UnicodeError,\n", f"{SOURCES} -k cut"),
    Mutation("audit: any distribution's metadata is vLLM's", f"{AUDIT}/vllm_files.py",
             "if rank := claim_to_vllm(file.parent, metadata):",
             "if rank := claim_to_vllm(file.parent, metadata) or 1:", SOURCES),
    Mutation("audit: who lists vLLM's files is not looked at", f"{AUDIT}/vllm_files.py",
             'if any(line.startswith("vllm/__init__.py,") for line in files):', "if False:",
             SOURCES),
    Mutation("audit: unknown requirements count as none", f"{AUDIT}/findings.py",
             "    if before is None or now is None:\n",
             "    before, now = before or {}, now or {}\n    if before is None:\n", SOURCES),
    Mutation("audit: a broken reference is a traceback", f"{AUDIT}/recorded.py",
             "except (OSError, ValueError, KeyError, TypeError) as error:",
             "except OSError as error:", REFERENCE),
    Mutation("audit: another package's reference replaces this one's", f"{AUDIT}/__main__.py",
             "return HERE / (\"reference.json\" if is_own else f\"reference_{package.name}.json\")",
             'return HERE / "reference.json"', f"{COMMAND} -k any_package"),
    Mutation("audit: registered models are not looked for", f"{AUDIT}/package.py",
             'elif function == "register_model":', 'elif function == "":', MODELS),
    Mutation("audit: a reader who stops gets a traceback", f"{AUDIT}/__main__.py",
             "except BrokenPipeError:", "except ZeroDivisionError:", f"{COMMAND} -k reader_who"),
    Mutation("audit: a digest of the Python that makes it", f"{AUDIT}/vllm_source.py",
             "repr(shape(tree))", "ast.dump(tree)", SUBCLASSES),
]  # fmt: skip
