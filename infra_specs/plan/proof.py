"""Whether a change has worked, by what its target says of the instance now."""

from infra_specs.resources.instance import Instance
from infra_specs.resources.resource import Resource


def failure(current: Instance | None, resource: Resource) -> str:
    """Why the instance never will be what was asked for, as the end of a sentence; empty while it may.

    None is an instance that is gone. Another fingerprint is a target that took the change back.
    """
    if current is None:
        return "is gone"
    if current.failed:
        return current.health.reason
    if current.ending:
        return f"is ending: {current.health.reason}"
    if current.fingerprint != resource.fingerprint:
        return f"was changed back by its target: {current.health.reason}"
    return ""
