"""What a deploy changes of the release that runs."""

from collections.abc import Mapping
from typing import Any

from infra_specs.errors import PlanError
from infra_specs.releases.manifest import ReleaseManifest, apply_to
from infra_specs.stackfile.models.health import INTERVAL_SECONDS
from infra_specs.stackfile.models.service import Service
from infra_specs.stackfile.models.stack import Stack
from infra_specs.stackfile.reading.load import from_data


def with_deploy(
    stack: Stack, running: ReleaseManifest, service: str, settings: Mapping[str, Any], env: Mapping[str, Any]
) -> Stack:
    """The stack with the services of `runs`, and other settings of one of them: `image`, `command`, as in a file.

    `env` is laid over what there is; a variable that is None there is removed. The service need not be named where
    only one can be meant. Raises PlanError for a service that there is not, SpecError for what no file may say.
    """
    applied = apply_to(stack, running)
    name = _service_to_change(applied, service, settings)
    spec = applied.model_dump(mode="json", by_alias=True)
    settings_now = spec["services"][name]
    merged_env = {**settings_now["env"], **env}
    if "health" in settings and applied.services[name].health.interval != INTERVAL_SECONDS:
        settings = {**settings, "health": {**settings_now["health"], "path": settings["health"]}}
    settings_now.update(settings, env={variable: value for variable, value in merged_env.items() if value is not None})
    return _with_builds(from_data(_without_builds(spec), f"the deploy to {name}"), applied)


def with_built_images(services: Mapping[str, Service], file: Stack, service: str) -> dict[str, Service]:
    """Services with the images that were built of `file` now: of all that it builds, or of one.

    Raises PlanError where nothing is built.
    """
    built = {
        name: service_spec
        for name, service_spec in file.services.items()
        if service_spec.build and service_spec.image and service in ("", name)
    }
    if not built:
        raise PlanError(f"{file.name}: {service or 'no service'} has {'no' if service else 'a'} build in its spec.")
    images = {
        name: {"image": service_spec.image, "build": service_spec.build}
        for name, service_spec in built.items()
        if name in services
    }
    return {name: service_spec.model_copy(update=images.get(name, {})) for name, service_spec in services.items()}


def _without_builds(spec: dict[str, Any]) -> dict[str, Any]:
    """As a person may write it, who gives an image or how it is built, and not both as the ledger has them."""
    for service in spec["services"].values():
        if service["image"] is not None:
            service["build"] = None
    return spec


def _with_builds(stack: Stack, before: Stack) -> Stack:
    """What has the image that was built still says how it was."""
    services = {
        name: service.model_copy(update={"build": before.services[name].build})
        if service.image == before.services[name].image
        else service
        for name, service in stack.services.items()
    }
    return stack.model_copy(update={"services": services})


def _service_to_change(stack: Stack, service: str, settings: Mapping[str, Any]) -> str:
    names = ", ".join(stack.services)
    if service:
        stack.service(service)
        return service
    programs = [setting for setting in ("image", "command") if setting in settings]
    candidates = [
        name
        for name, candidate in stack.services.items()
        if all(getattr(candidate, setting) is not None for setting in programs)
    ]
    for only in (candidates, list(stack.services)):
        if len(only) == 1:
            return only[0]
    raise PlanError(f"{stack.name} has several services that this could be for: {names}. Name one.")
