"""Breaks of the rendered package, each of which its own tests must catch on the fixture engine.

Each is what breaks: (file in the package, what stands there once, what to put there). Never rendered.
"""

# The files that look at this part, below tests/.
TESTS = ["test_endpoint.py", "_template/test_endpoint_interface.py"]
ACCESS, BASE, ROUTES = "_endpoint_access.py", "_endpoint_base.py", "routes.py"
MUTATIONS = {
    "any key opens it": (ACCESS, " or not known:", ":"),
    "the scheme is not looked at": (ACCESS, 'scheme.lower() != "bearer" or not', "not"),
    "without a key everybody is let in": (
        ACCESS,
        "        raise HTTPException(503, NO_KEY)\n",
        "        return\n",
    ),
    "its own key does not go before the server's": (
        ACCESS,
        "([own] if own else servers)",
        "[own, *servers]",
    ),
    "no route asks for a key": (BASE, ", dependencies=[Depends(check_key)]", ""),
    "its routes stand anywhere": (BASE, "prefix=self.prefix, ", ""),
    "a route gets no engine where there is none": (
        ACCESS,
        "        raise HTTPException(503, NO_ENGINE)\n",
        "        return None\n",
    ),
    "the workers are not asked": (
        ROUTES,
        'await engine.collective_rpc("get_model_inspection")',
        '["LlamaForCausalLM("] * 2',
    ),
}
