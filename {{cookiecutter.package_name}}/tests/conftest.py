"""Fixtures for all tests: yours to add. _template/engine.py chooses the engine they run on."""

pytest_plugins = ["_template.engine"]
