"""A service's own volumes: data that outlives its replicas, and how a replica finds it."""

from infra_specs.resources.address import Address
from infra_specs.resources.resource import Ref, Resource, Setting
from infra_specs.stackfile.models.service import Service
from infra_specs.stackfile.models.volumes import directory_variable


def volumes(stack: str, name: str, service: Service) -> tuple[Resource, ...]:
    """One each (data: never replaced by a plan, and kept by a teardown)."""
    return tuple(Resource(stack, volume_address(name, volume), "volume", stateful=True) for volume in service.volumes)


def directory_variables(name: str, service: Service) -> dict[str, Setting]:
    """The variables that tell a process where they are; in a container they are where the spec says."""
    return {directory_variable(volume): Ref(volume_address(name, volume), "path") for volume in service.volumes}


def mounts(name: str, service: Service) -> dict[str, Setting]:
    """Place in the container -> the volume that is there."""
    return {path: Ref(volume_address(name, volume), "path") for volume, path in service.volumes.items()}


def volume_address(name: str, volume: str) -> str:
    """The address of a volume of a service's own."""
    return str(Address("volume", name, volume))
