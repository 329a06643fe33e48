"""A stack file before it is text: services with their keys and comments, needs, and what a person should know."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from infra_specs.projects.folder import Guess

Provider = Literal["local", "docker"]


@dataclass(frozen=True, slots=True)
class DraftService:
    """One service: its keys as the stack file has them, in order, and a comment for some of them."""

    name: str
    keys: Mapping[str, Any]
    comments: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Draft:
    """What the stack file will say, and what is said about it."""

    services: tuple[DraftService, ...]
    provider: Provider
    needs: tuple[str, ...] = ()
    """Of `database`, `cache` and `queue`."""
    guesses: tuple[Guess, ...] = ()
    steps: tuple[str, ...] = ()
    """What a person has to do before the stack can run, as commands or sentences."""
    ports: Mapping[str, int] = field(default_factory=dict)
    """Ports of the machine that the target shall have: `port` and `public_port`."""


def stack_name(text: str) -> str:
    """A name of a stack or a service, made of any text: `Über Shop!` becomes `uber-shop`, `1st` becomes `app-1st`."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    name = re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")
    name = f"app-{name}" if name[:1].isdigit() else name
    return name[:40].rstrip("-") or "app"
