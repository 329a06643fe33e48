"""The desired settings of one resource in the engine."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tasks.providers.docker.container import Container


@dataclass(frozen=True, slots=True)
class DesiredContainer:
    """A container with its network aliases, its outputs, and its probe."""

    container: Container
    aliases: tuple[str, ...] = ()
    outputs: Mapping[str, str] = field(default_factory=dict)
    probe: Mapping[str, Any] | None = None
