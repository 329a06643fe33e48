"""The hosts that a spec lists, held against each other."""

from collections.abc import Iterator

from infra_specs.stackfile.messages.faults import found
from infra_specs.stackfile.messages.location import Path
from infra_specs.stackfile.models.hosts import JumpHost
from infra_specs.stackfile.models.target import Swarm, Target


def host_faults(target: Target | None) -> Iterator[tuple[Path, str]]:
    """A host that is listed twice, and one that is reached through itself."""
    if not isinstance(target, Swarm):
        return
    seen = set[str]()
    for number, host in enumerate(target.hosts or ()):
        if host.name in seen:
            yield ("target", "hosts", number), f"found {found(host.name)} a second time. Remove one of the two."
        seen.add(host.name)
        if host.jump is not None and host.jump.name == host.name:
            yield ("target", "hosts", number, "jump"), f"found {found(host.jump.name)}, which is the host itself."
    yield from _two_minds(target)


def _two_minds(target: Swarm) -> Iterator[tuple[Path, str]]:
    """A jump host that is described in two ways: there is one connection to it, and one key of it."""
    known = dict[str, JumpHost]()
    for number, host in enumerate(target.hosts or ()):
        jump = host.jump
        if jump is not None and known.setdefault(jump.name, jump) != jump:
            yield (
                ("target", "hosts", number, "jump"),
                f"{found(jump.name)} is described otherwise than above. Give it the same user and fingerprint.",
            )
