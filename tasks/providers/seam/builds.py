"""An image that is to be made, and what is known of it."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BuildRequest:
    """How the image of one service is made: `context` is a whole path, `dockerfile` lies in it."""

    stack: str
    service: str
    context: str
    dockerfile: str
    stage: str | None
    args: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class BuiltImage:
    """An image by its content: its name, empty if that cannot be known yet, and its id if it is made."""

    name: str
    id: str | None
