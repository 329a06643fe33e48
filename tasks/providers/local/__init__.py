"""The embedded target: real services as supervised processes, from packages, with or without root."""

from pathlib import Path

from infra_specs.stackfile.models.target import Local
from tasks.providers.local.provider import LocalProvider

__all__ = ["LocalProvider", "open_target"]


def open_target(target: Local, home: Path) -> LocalProvider:  # noqa: ARG001
    """Its provider. Raises ProviderError for a target that cannot be opened."""
    return LocalProvider(home)
