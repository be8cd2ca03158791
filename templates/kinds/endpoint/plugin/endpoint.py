"""The endpoint: where its routes stand in vLLM's server, and which models it is for."""

from . import routes
from ._endpoint_base import RoutedEndpoint


class {{ class_of("endpoint") }}(RoutedEndpoint):
    prefix = "/plugins/{{ cookiecutter.registered_name }}"
    router = routes.router
    # Every server has it. With ("generate",) only those have it whose model generates text.
    required_tasks = None
