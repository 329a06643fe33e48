"""Containers on one Docker Engine."""

from tasks.providers.docker.provider import DockerProvider

__all__ = ["DockerProvider"]
