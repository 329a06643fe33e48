"""How a service's image is made, on targets that run containers."""

import posixpath
from typing import Annotated

from pydantic import AfterValidator, Field

from infra_specs.stackfile.models.model import Part
from infra_specs.stackfile.models.texts import EnvName, Text

STAGE_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$"


def _inside(path: str) -> str:
    if path.startswith("/") or posixpath.normpath(path).startswith(".."):
        raise ValueError("it must lie inside the context; write its path from there")
    return path


class Build(Part):
    """How a service's image is made of a Dockerfile. The same content makes the same image, and is not built again."""

    context: Annotated[str, Field(min_length=1, max_length=4096)] = "."
    """The folder that the Dockerfile copies from, from the spec file's own. What `.dockerignore` names is left out, and
    a link that leads out of it is refused."""
    dockerfile: Annotated[str, Field(min_length=1, max_length=4096), AfterValidator(_inside)] = "Dockerfile"
    """The Dockerfile, from the context."""
    target: Annotated[str, Field(pattern=STAGE_PATTERN)] | None = None
    """The stage that is wanted, of a Dockerfile with several; the last unless given."""
    args: dict[EnvName, Text] = {}
    """Values for its ARGs. They stay readable in the image, so no secret belongs here."""
