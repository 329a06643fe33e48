"""What a deploy changes of the release that runs."""

from collections.abc import Mapping
from typing import Any

from infra_specs.errors import PlanError
from infra_specs.releases.content import Content, over
from infra_specs.spec.load import from_data
from infra_specs.spec.stack import Stack


def changed(stack: Stack, runs: Content, service: str, settings: Mapping[str, Any], env: Mapping[str, Any]) -> Stack:
    """The stack with the services of `runs`, and other settings of one of them: `image`, `command`, as in a file.

    `env` is laid over what there is; a variable that is None there is removed. The service need not be named where
    only one can be meant. Raises PlanError for a service that there is not, SpecError for what no file may say.
    """
    whole = over(stack, runs)
    name = _meant(whole, service, settings)
    spec = whole.model_dump(mode="json", by_alias=True)
    one = spec["services"][name]
    laid = {**one["env"], **env}
    one.update(settings, env={variable: value for variable, value in laid.items() if value is not None})
    return from_data(spec, f"the deploy to {name}")


def _meant(stack: Stack, service: str, settings: Mapping[str, Any]) -> str:
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
