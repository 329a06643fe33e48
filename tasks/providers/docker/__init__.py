"""Containers on one Docker Engine."""

from pathlib import Path

import tasks.providers.docker.sdk  # noqa: F401 - it comes before all that uses it
from infra_specs.stackfile.models.target import Docker
from tasks.providers.docker.provider import DockerProvider

__all__ = ["DockerProvider", "open_target"]


def open_target(target: Docker, home: Path) -> DockerProvider:  # noqa: ARG001
    """Its provider. Raises ProviderError for a target that cannot be opened."""
    return DockerProvider(target)
