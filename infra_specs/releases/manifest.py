"""What a release holds: everything of each service that is not a count, and the versions of what it only names."""

import posixpath
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from infra_specs.errors import PlanError
from infra_specs.stackfile.messages.location import Path
from infra_specs.stackfile.models.secrets import named_secrets
from infra_specs.stackfile.models.service import Service, with_images_own_entrypoint
from infra_specs.stackfile.models.stack import Stack
from infra_specs.stackfile.reading.references import Sound, crossings

SIZES = frozenset({"replicas", "capacity", "share", "scaling"})
"""What of a service is no part of a release: the spec's, kept in it only for the day when the spec has lost it."""


@dataclass(frozen=True, slots=True)
class ReleaseManifest:
    """The services of a release, and by name the version of each of the user's secrets that they are given, and the id
    of each image that they run from. A name without an id means whatever has it when a container is made. `code` is by
    service what the folder held that it runs in; a service without runs in the folder itself.

    Also what a spec file and the ledger said at a time: then the secrets are all that there were, newest versions.

    Two are equal when the same would run, whatever the counts.
    """

    services: Mapping[str, Service]
    secrets: Mapping[str, int] = field(default_factory=dict)
    images: Mapping[str, str] = field(default_factory=dict)
    code: Mapping[str, str] = field(default_factory=dict)

    def data(self) -> dict[str, Any]:
        """Plain JSON data; secrets by name and version, never a value."""
        services = {name: service.model_dump(mode="json", by_alias=True) for name, service in self.services.items()}
        return {
            "services": services,
            "secrets": dict(self.secrets),
            "images": dict(self.images),
            "code": dict(self.code),
        }

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ReleaseManifest):
            return NotImplemented
        return _contents(self) == _contents(other)

    __hash__ = None  # type: ignore[assignment]  # it holds mappings


def manifest_of(
    services: Mapping[str, Service],
    secrets: Mapping[str, int],
    images: Mapping[str, str] | None = None,
    code: Mapping[str, str] | None = None,
) -> ReleaseManifest:
    """The content of services with those of the secrets and images that they name, and with their code."""
    secret = frozenset().union(*map(named_secrets, services.values()))
    image, ids = images_named(services.values()), images or {}
    return ReleaseManifest(
        dict(services),
        {name: secrets[name] for name in sorted(secret & secrets.keys())},
        {name: ids[name] for name in sorted(image & ids.keys())},
        {name: content for name, content in sorted((code or {}).items()) if name in services},
    )


def manifest_from(data: Mapping[str, Any]) -> ReleaseManifest:
    """What `Content.data` wrote, perhaps in another version of Tenfold. Raises PlanError."""
    try:
        services, secrets, images = data["services"], dict(data["secrets"]), dict(data.get("images", {}))
        return ReleaseManifest(services_from(services), secrets, images, dict(data.get("code", {})))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise PlanError(
            "A stored release cannot be read: it is not what Tenfold writes. Provision the stack from its file again."
        ) from error


def services_from(data: Mapping[str, Any]) -> dict[str, Service]:
    """Services as the ledger holds them; keys that this version does not know are left out. Raises PlanError."""
    try:
        return {
            name: Service.model_validate(with_images_own_entrypoint(service), extra="ignore")
            for name, service in data.items()
        }
    except ValidationError as error:
        raise PlanError(
            f"A stored release cannot be read by this version of Tenfold: {error.error_count()} of its settings are "
            "not understood. Use the version that deployed it, or provision from a file."
        ) from error


def with_absolute_paths(stack: Stack, source: str) -> dict[str, Service]:
    """The services of a spec file in the folder `source`, with their own folders as whole paths.

    Where an image says in which folder its command runs, the folder means nothing and is left out.
    """

    def folder(service: Service) -> str:
        if stack.target.runs == "containers":
            return "."
        return posixpath.normpath(posixpath.join(source, service.folder))

    return {name: service.model_copy(update={"folder": folder(service)}) for name, service in stack.services.items()}


def service_faults(stack: Stack, services: Mapping[str, Service]) -> tuple[Path, ...]:
    """Where services do not fit one another or the rest of a spec, as paths in it.

    A job whose service is not among them is no fault of theirs.
    """
    return tuple(path for path, _ in crossings(Sound.of(_with_services(stack, services))))


def apply_to(stack: Stack, release: ReleaseManifest) -> Stack:
    """The stack with the services of a release, in the counts that the spec gives them, and the jobs of these services.

    Raises PlanError where the two do not fit: a release that uses a cache, and a spec that has none.
    """
    services = {name: _with_sizes_of(service, stack.services.get(name)) for name, service in release.services.items()}
    combined = _with_services(stack, services)
    if faults := [f"  {'.'.join(map(str, path))}: {message}" for path, message in crossings(Sound.of(combined))]:
        raise PlanError(
            f"{stack.name}: its release does not fit what the rest of its spec says now:\n" + "\n".join(faults)
        )
    return combined


def changed_services(before: ReleaseManifest | None, after: ReleaseManifest) -> tuple[str, ...]:
    """The services of `after` that are new or run something else than in `before`, secrets and images included."""
    previous = before or ReleaseManifest({})

    def contents(release: ReleaseManifest, name: str) -> Any:
        service = release.services.get(name)
        if service is None:
            return None
        versions = {secret: release.secrets.get(secret) for secret in named_secrets(service)}
        image, code = release.images.get(service.image or ""), release.code.get(name)
        return service.model_dump(exclude=set(SIZES)), versions, image, code

    return tuple(name for name in after.services if contents(previous, name) != contents(after, name))


def images_named(services: Iterable[Service]) -> frozenset[str]:
    """The images that services name, those that were built aside: their names are ids already."""
    return frozenset(one.image for one in services if one.image and not one.image.startswith("sha256:"))


def sizes_from(spec: Service, *, volumes: bool) -> frozenset[str]:
    """The sizes that a release's service takes from the spec's service of its name; `volumes`: the release's has some.

    With volumes it has one replica. So it keeps its own count if the spec's service has none and may have more.
    """
    return SIZES - {"replicas"} if volumes and not spec.volumes else SIZES


def _with_services(stack: Stack, services: Mapping[str, Service]) -> Stack:
    """The stack with other services, without the jobs of those that it loses by it."""
    jobs = {name: job for name, job in stack.jobs.items() if job.service in services}
    return stack.model_copy(update={"services": dict(services), "jobs": jobs})


def _with_sizes_of(service: Service, spec: Service | None) -> Service:
    if spec is None:
        return service
    names = sizes_from(spec, volumes=bool(service.volumes))
    return service.model_copy(update={name: getattr(spec, name) for name in names})


def _contents(release: ReleaseManifest) -> tuple[Any, ...]:
    services = {name: service.model_dump(exclude=set(SIZES)) for name, service in release.services.items()}
    return services, release.secrets, release.images, release.code
