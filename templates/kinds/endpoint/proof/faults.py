"""Faults in an author's package, and a word that the doctor's problem must contain. Never rendered.

Each is what is wrong: (file in the package, what stands there once, what to put there, the word).
"""

FILE = "endpoint.py"
ROUTER = "    router = routes.router\n"
TASKS = "    required_tasks = None\n"
# What the doctor only warns of.
WARNINGS = {
    "its routes stand where vLLM may have its own": (
        FILE,
        'prefix = "/plugins/',
        'prefix = "/v1/',
        "where vLLM may have a route of its own",
    ),
}
FAULTS = {
    "the class cannot be imported": (
        FILE,
        "import RoutedEndpoint",
        "import RoutedEndpoints",
        "ImportError",
    ),
    "an object of the class cannot be made": (
        FILE,
        ROUTER,
        f'{ROUTER}\n    def __init__(self):\n        raise OSError("no such place")\n',
        "cannot be used: OSError: no such place",
    ),
    "it requires a task that no model has": (
        FILE,
        TASKS,
        '    required_tasks = ("generat",)\n',
        "requires generat, a task that no model has",
    ),
    "its tasks are a text": (
        FILE,
        TASKS,
        '    required_tasks = "generate"\n',
        "of which vLLM reads the letters",
    ),
    "its tasks are empty": (FILE, TASKS, "    required_tasks = ()\n", "for no model"),
    "it sets up its state without await": (
        "_endpoint_base.py",
        "    async def init_state(",
        "    def init_state(",
        "not async",
    ),
    "a route asks for no key": (
        FILE,
        ROUTER,
        f"{ROUTER}\n    def attach_router(self, app):\n"
        '        app.get("/hello")(routes.about)\n        super().attach_router(app)\n',
        "answers /hello without a key",
    ),
    "no route asks for a key": (
        "_endpoint_base.py",
        ", dependencies=[Depends(check_key)]",
        "",
        "/models without a key",
    ),
    "it has no route": (FILE, ROUTER, "    router = type(routes.router)()\n", "has no route"),
}
