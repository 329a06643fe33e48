"""What a changed file makes of what is deployed: a merge of three."""

from collections.abc import Mapping
from typing import Any

from infra_specs.releases.content import services_from, sizes
from infra_specs.spec.service import Service

_absent = object()
_into = ("env",)
"""The settings of a service that are merged by key; others are one thing, changed or not."""


def merged(
    base: Mapping[str, Service], file: Mapping[str, Service], deployed: Mapping[str, Service]
) -> dict[str, Service]:
    """The services to run: what the file itself has changed since `base`, the file of the time, and else what is
    deployed.

    So a deployed image stays until the file's own image changes, an environment variable that was deployed until the
    file says something else about it, and a service that a rollback brought back until the file names it again.
    Counts are the file's wherever it has the service.
    """
    together = _merge(_data(base), _data(file), _data(deployed), depth=2)
    order = [*file, *(name for name in deployed if name not in file)]
    sized = {name: {**together[name], **_sizes(file.get(name))} for name in order if name in together}
    return services_from(sized)


def _merge(base: Mapping[str, Any], file: Mapping[str, Any], deployed: Mapping[str, Any], depth: int) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in dict.fromkeys((*file, *deployed)):
        was, says, runs = (one.get(name, _absent) for one in (base, file, deployed))
        if depth and _mappings(was, says, runs) and (depth > 1 or name in _into):
            value: Any = _merge(was, says, runs, depth - 1)
        else:
            value = runs if _settings(says) == _settings(was) else says
        if value is not _absent:
            found[name] = value
    return found


def _mappings(*values: Any) -> bool:
    return all(isinstance(value, Mapping) for value in values)


def _settings(value: Any) -> Any:
    return {name: one for name, one in value.items() if name not in sizes} if isinstance(value, Mapping) else value


def _data(services: Mapping[str, Service]) -> dict[str, Any]:
    return {name: service.model_dump(mode="json", by_alias=True) for name, service in services.items()}


def _sizes(service: Service | None) -> dict[str, Any]:
    return service.model_dump(mode="json", by_alias=True, include=set(sizes)) if service else {}
