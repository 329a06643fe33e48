"""What a provision makes of what a rollback did, in sentences for its plan."""

from collections.abc import Iterator

from infra_specs.releases.differences import differences
from infra_specs.releases.fit import Faults
from infra_specs.releases.manifest import ReleaseManifest
from infra_specs.releases.merge import merged, over_changed_file, rollback_stands


def rollback_notes(
    base: ReleaseManifest, now: ReleaseManifest, deployed: ReleaseManifest, faults: Faults
) -> tuple[str, ...]:
    """A sentence for each service that a rollback brought back or took away, and for what yields to a changed file.

    The arguments are those of `merged`.
    """
    if rollback_stands(base, now, deployed, faults):
        return tuple(_standing(now, deployed))
    return (*_yielding(base, now, deployed), *_unfit(base, now, deployed, faults))


def _standing(now: ReleaseManifest, deployed: ReleaseManifest) -> Iterator[str]:
    until = "until the file changes what its services run"
    for name in _only_in(deployed, now):
        yield f"services.{name} is not in the file: a rollback brought it back. It stays {until}."
    for name in _only_in(now, deployed):
        yield f"services.{name} is in the file: a rollback took it away. It stays away {until}."


def _yielding(base: ReleaseManifest, now: ReleaseManifest, deployed: ReleaseManifest) -> Iterator[str]:
    for name in _only_in(deployed, now, base):
        yield f"services.{name} goes: a rollback brought it back, and the changed file does not have it."
    for name in _only_in(now, deployed):
        if name in base.services:
            yield f"services.{name} comes back: a rollback took it away, and the changed file has it."


def _only_in(manifest: ReleaseManifest, *others: ReleaseManifest) -> list[str]:
    return [name for name in manifest.services if all(name not in other.services for other in others)]


def _unfit(base: ReleaseManifest, now: ReleaseManifest, deployed: ReleaseManifest, faults: Faults) -> Iterator[str]:
    for line in differences(over_changed_file(base, now, deployed), merged(base, now, deployed, faults)):
        yield f"services.{line}: what was deployed does not fit the changed file, and yields to it."
