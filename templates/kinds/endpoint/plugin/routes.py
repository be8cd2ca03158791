"""The routes: what the endpoint answers. They need FastAPI, and no vLLM."""

from fastapi import APIRouter

from ._endpoint_access import Engine
from .about import PLUGIN_NAME

router = APIRouter()


@router.get("/about")
async def about() -> dict[str, str]:
    """Answer in the front end, whether there is an engine or not."""
    return {"plugin": PLUGIN_NAME}


@router.get("/models")
async def models(engine: Engine) -> dict[str, list[str]]:
    """Ask each worker for the model that it holds, and return the names of their classes."""
    views = await engine.collective_rpc("get_model_inspection")
    return {"models": [view.partition("(")[0] for view in views]}
