"""What the tests of documents share: a rendered package of each kind of model."""

from pathlib import Path

import pytest
from shared.rendering import MODELS


@pytest.fixture(params=MODELS)
def project(request, render) -> Path:
    return render(kind=request.param)
