"""The stack that a backup is restored into beside its source."""

from typing import Any

from infra_specs.stackfile.models.stack import Stack
from infra_specs.stackfile.models.target import Swarm
from infra_specs.stackfile.reading.load import stored


def copy_of(stack: Stack, name: str) -> Stack:
    """The same stack under another name, without public services, HTTPS, jobs, or ports that its source has.

    On a fleet it stands on its source's hosts.

    Raises SpecError for what is no name.
    """
    spec: dict[str, Any] = stack.model_dump(mode="json", by_alias=True)
    target = {key: value for key, value in spec["target"].items() if key not in stack.target.ports}
    if isinstance(stack.target, Swarm):
        target = {key: value for key, value in target.items() if key not in ("hosts", "key")}
        target["fleet"] = stack.target.fleet_name(stack.name)
    services = {service: {**given, "public": False} for service, given in spec["services"].items()}
    return stored({**spec, "name": name, "target": target, "services": services, "tls": None, "jobs": {}})
