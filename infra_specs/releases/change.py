"""What a deploy changes of the release that runs."""

from collections.abc import Mapping
from typing import Any

from infra_specs.errors import PlanError
from infra_specs.releases.manifest import ReleaseManifest, apply_to
from infra_specs.stackfile.models.service import Service
from infra_specs.stackfile.models.stack import Stack
from infra_specs.stackfile.reading.load import from_data


def with_deploy(
    stack: Stack, runs: ReleaseManifest, service: str, settings: Mapping[str, Any], env: Mapping[str, Any]
) -> Stack:
    """The stack with the services of `runs`, and other settings of one of them: `image`, `command`, as in a file.

    `env` is laid over what there is; a variable that is None there is removed. The service need not be named where
    only one can be meant. Raises PlanError for a service that there is not, SpecError for what no file may say.
    """
    whole = apply_to(stack, runs)
    name = _service_to_change(whole, service, settings)
    spec = whole.model_dump(mode="json", by_alias=True)
    one = spec["services"][name]
    laid = {**one["env"], **env}
    one.update(settings, env={variable: value for variable, value in laid.items() if value is not None})
    return _with_builds(from_data(_without_builds(spec), f"the deploy to {name}"), whole)


def with_built_images(services: Mapping[str, Service], file: Stack, service: str) -> dict[str, Service]:
    """Services with the images that were built of `file` now: of all that it builds, or of one.

    Raises PlanError where nothing is built.
    """
    made = {name: one for name, one in file.services.items() if one.build and one.image and service in ("", name)}
    if not made:
        raise PlanError(f"{file.name}: {service or 'no service'} has {'no' if service else 'a'} build in its spec.")
    images = {name: {"image": one.image, "build": one.build} for name, one in made.items() if name in services}
    return {name: one.model_copy(update=images.get(name, {})) for name, one in services.items()}


def _without_builds(spec: dict[str, Any]) -> dict[str, Any]:
    """As a person may write it, who gives an image or how it is built, and not both as the ledger has them."""
    for service in spec["services"].values():
        if service["image"] is not None:
            service["build"] = None
    return spec


def _with_builds(stack: Stack, before: Stack) -> Stack:
    """What has the image that was built still says how it was."""
    services = {
        name: one.model_copy(update={"build": before.services[name].build})
        if one.image == before.services[name].image
        else one
        for name, one in stack.services.items()
    }
    return stack.model_copy(update={"services": services})


def _service_to_change(stack: Stack, service: str, settings: Mapping[str, Any]) -> str:
    known = ", ".join(stack.services)
    if service:
        if service not in stack.services:
            raise PlanError(f"{stack.name} has no service `{service}`. It has: {known}.")
        return service
    programs = [setting for setting in ("image", "command") if setting in settings]
    fitting = [
        name for name, one in stack.services.items() if all(getattr(one, setting) is not None for setting in programs)
    ]
    for only in (fitting, list(stack.services)):
        if len(only) == 1:
            return only[0]
    raise PlanError(f"{stack.name} has several services that this could be for: {known}. Name one.")
