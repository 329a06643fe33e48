"""The kind `job`: a service's own program, run once to its end."""

from dataclasses import replace

from infra_specs.resources.resource import Resource
from tasks.providers.docker.containers.container import DesiredContainer
from tasks.providers.docker.kinds.replica import program


def job(resource: Resource, _address: str) -> DesiredContainer:
    """What runs it. It answers nobody, so it has no probe."""
    return DesiredContainer(replace(program(resource.settings), once=True))
