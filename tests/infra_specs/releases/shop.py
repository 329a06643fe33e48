"""Stacks, contents and what is there of them, for tests of releases."""

from typing import Any

from infra_specs.catalogue.desired import desired_state
from infra_specs.releases.manifest import ReleaseManifest, manifest_of, with_absolute_paths
from infra_specs.resources.instance import Health, Instance
from infra_specs.resources.resource import Resource
from infra_specs.sizing.size import size
from infra_specs.stackfile.models.stack import Stack
from infra_specs.stackfile.reading.load import from_data


def shop(services: dict[str, Any] | None = None, **web: Any) -> Stack:
    """A stack on Docker: a web service of one replica, changed as told, or other services."""
    service = {"image": "app:1", "port": 80, "replicas": 1, **web}
    return from_data({"name": "shop", "target": {"provider": "docker"}, "services": services or {"web": service}})


def held(stack: Stack, **secrets: int) -> ReleaseManifest:
    """What a release of it holds."""
    return manifest_of(with_absolute_paths(stack, "/srv"), secrets)


def wanted(stack: Stack) -> tuple[Resource, ...]:
    return desired_state(stack, size(stack), counts={}, secrets={}, source="/srv")


def there(resources: tuple[Resource, ...], state: Any = "healthy") -> list[Instance]:
    """Every one of the resources, as an instance."""
    return [
        Instance("shop", resource.address, resource.kind, resource.fingerprint, 1, Health(state, "", 0.0),
                 digests=resource.digests, after=resource.dependencies)
        for resource in resources
    ]  # fmt: skip
