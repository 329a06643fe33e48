"""What a changed file makes of what is deployed: a merge of three."""

from collections.abc import Mapping
from typing import Any, TypeVar

from infra_specs.errors import PlanError
from infra_specs.releases.fit import Faults, fitted, no_faults
from infra_specs.releases.manifest import SIZES, ReleaseManifest, manifest_of, services_from, sizes_from
from infra_specs.stackfile.models.service import Service

V = TypeVar("V")
_ABSENT = object()
_MERGED_KEYS = ("env",)
"""The settings of a service that are merged by key; others are one thing, changed or not."""


def merged(
    base: ReleaseManifest, now: ReleaseManifest, deployed: ReleaseManifest, faults: Faults = no_faults
) -> ReleaseManifest:
    """What to run: what a file and the secrets say `now` where they have changed since `base`, when `deployed` was
    made of them, and else what is deployed.

    So a deployed image stays until the file's own image changes, an environment variable that was deployed until the
    file says something else about it, a secret's version until a newer one is set, the image of a name until another
    one has that name, code until it is edited. Counts are the file's wherever it has the service. A changed file has
    the services that it names, whatever a rollback brought back or took away; until it changes, the rollback stands.
    What is deployed and does not fit the changed file yields to it: `faults`, which the file itself has none of.
    """
    if rollback_stands(base, now, deployed, faults):
        return with_secrets(_standing(base, now, deployed), base, now, deployed)
    together = over_changed_file(base, now, deployed)
    return with_secrets(fitted(together.services, now.services, faults), base, now, deployed)


def rollback_stands(base: ReleaseManifest, now: ReleaseManifest, deployed: ReleaseManifest, faults: Faults) -> bool:
    """Whether the services of a rollback stay as they are: the file has not changed them, and they fit the rest of it.

    The arguments are those of `merged`.
    """
    return not _file_changed(base, now) and not faults(_standing(base, now, deployed))


def over_changed_file(base: ReleaseManifest, now: ReleaseManifest, deployed: ReleaseManifest) -> ReleaseManifest:
    """What a changed file makes of what is deployed, before what does not fit has yielded."""
    together = _together(base, now, deployed)
    services = {name: _service(together.get(name), service) for name, service in now.services.items()}
    return with_secrets(services, base, now, deployed)


def _standing(base: ReleaseManifest, now: ReleaseManifest, deployed: ReleaseManifest) -> dict[str, Service]:
    together = _together(base, now, deployed)
    order = [*now.services, *(name for name in deployed.services if name not in now.services)]
    return services_from(
        {name: _with_sizes(together[name], now.services.get(name)) for name in order if name in together}
    )


def _together(base: ReleaseManifest, now: ReleaseManifest, deployed: ReleaseManifest) -> dict[str, Any]:
    return _merge(_data(base.services), _data(now.services), _data(deployed.services), depth=2)


def _file_changed(base: ReleaseManifest, now: ReleaseManifest) -> bool:
    """Whether a file says something else about its services than it did; their sizes do not count."""
    before, after = _data(base.services), _data(now.services)
    return before.keys() != after.keys() or any(_settings(before[name]) != _settings(after[name]) for name in after)


def _service(data: Mapping[str, Any] | None, file: Service) -> Service:
    """A merged service; the file's own where nothing of it is deployed, or the two are none together."""
    try:
        return services_from({"": _with_sizes(data, file)})[""] if data is not None else file
    except PlanError:
        return file


def with_secrets(
    services: Mapping[str, Service], base: ReleaseManifest, now: ReleaseManifest, deployed: ReleaseManifest
) -> ReleaseManifest:
    """Services with the versions of their secrets, images and code: what is deployed, or what is newer since then."""
    versions = _unchanged(base.secrets, now.secrets, deployed.secrets)
    images = _unchanged(base.images, now.images, deployed.images)
    code = _unchanged(base.code, now.code, deployed.code)
    return manifest_of(
        services,
        {**now.secrets, **versions},
        {**deployed.images, **now.images, **images},
        {**deployed.code, **now.code, **code},
    )


def _unchanged(base: Mapping[str, V], now: Mapping[str, V], deployed: Mapping[str, V]) -> dict[str, V]:
    """What is deployed of names that have the value that they had."""
    return {name: value for name, value in deployed.items() if base.get(name) == now.get(name)}


def _merge(base: Mapping[str, Any], file: Mapping[str, Any], deployed: Mapping[str, Any], depth: int) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for name in dict.fromkeys((*file, *deployed)):
        old, new, running = (side.get(name, _ABSENT) for side in (base, file, deployed))
        if depth and _mappings(old, new, running) and (depth > 1 or name in _MERGED_KEYS):
            value: Any = _merge(old, new, running, depth - 1)
        else:
            value = running if _settings(new) == _settings(old) else new
        if value is not _ABSENT:
            result[name] = value
    return result


def _mappings(*values: Any) -> bool:
    return all(isinstance(value, Mapping) for value in values)


def _settings(value: Any) -> Any:
    return {name: item for name, item in value.items() if name not in SIZES} if isinstance(value, Mapping) else value


def _data(services: Mapping[str, Service]) -> dict[str, Any]:
    return {name: service.model_dump(mode="json", by_alias=True) for name, service in services.items()}


def _with_sizes(service: Mapping[str, Any], spec: Service | None) -> dict[str, Any]:
    names = sizes_from(spec, volumes=bool(service.get("volumes"))) if spec else frozenset[str]()
    return {**service, **(spec.model_dump(mode="json", by_alias=True, include=set(names)) if spec else {})}
