"""What a kind wants of the engine."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tasks.providers.docker.container import Container


@dataclass(frozen=True, slots=True)
class DesiredContainer:
    """A container, the names that it is reached by, what others refer to, and how it is asked whether it is well."""

    container: Container
    aliases: tuple[str, ...] = ()
    outputs: Mapping[str, str] = field(default_factory=dict)
    probe: Mapping[str, Any] | None = None
