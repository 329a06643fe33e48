"""What the engine of this machine says of itself, for whoever looks whether it can be used."""

from collections.abc import Mapping
from contextlib import closing
from typing import Any

from tasks.base.clock import now
from tasks.providers.docker.engine.client import connect, epoch


def engine_facts() -> tuple[str, float]:
    """The version of the engine, and how many seconds its clock is ahead. Raises ProviderError if none answers."""
    with closing(connect(None)) as engine:
        version: Mapping[str, Any] = engine.version()
        info: Mapping[str, Any] = engine.info()
    return str(version["Version"]), epoch(str(info["SystemTime"])) - now()
