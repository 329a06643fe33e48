"""Select a release: the current one, the one to roll back to, those to keep."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Protocol, TypeVar

from infra_specs.errors import LedgerError, PlanError
from infra_specs.releases.manifest import ReleaseManifest

RELEASES_KEPT = 50
"""The newest releases of a stack that the ledger keeps, beside the current one."""


class ReleaseState(StrEnum):
    """The state of a release. A value is the word that the ledger stores and that the command line shows."""

    ROLLING_OUT = "proving"
    HEALTHY = "proven"
    """The whole stack was healthy with this release."""
    FAILED = "failed"
    """The stack was not healthy with it. Parts of this release may still run."""
    ROLLED_BACK = "undone"
    """Nothing of this release runs any more; another release serves."""


class NumberedRelease(Protocol):
    """The part of a release that this module reads."""

    @property
    def number(self) -> int: ...
    @property
    def state(self) -> ReleaseState: ...
    @property
    def verb(self) -> str: ...
    @property
    def content(self) -> ReleaseManifest: ...


R = TypeVar("R", bound=NumberedRelease)


def current(releases: Sequence[R]) -> R | None:
    """The release that should run: the newest healthy one, or the newest of all while none is healthy.

    A failed release is therefore never retried by itself. `releases` are ordered newest first.
    """
    return next(
        (release for release in releases if release.state is ReleaseState.HEALTHY), releases[0] if releases else None
    )


def is_settled(releases: Sequence[NumberedRelease]) -> bool:
    """Whether a healthy release serves and no newer one is rolled out or has failed: what fails is drift alone.

    `releases` are ordered newest first; the newest and the last healthy one are enough.
    """
    if not any(release.state is ReleaseState.HEALTHY for release in releases):
        return False
    return releases[0].state not in (ReleaseState.ROLLING_OUT, ReleaseState.FAILED)


def rollback_candidate(stack: str, releases: Sequence[R], number: int) -> R:
    """The release to roll back to: `number`, or for 0 the newest healthy one with another content than the current
    release has, and that nobody rolled back from.

    `releases` are ordered newest first. Raises PlanError that lists the releases to choose from.
    """
    healthy = [release for release in releases if release.state is ReleaseState.HEALTHY]
    numbers = ", ".join(str(release.number) for release in healthy) or "none yet"
    if number == 0:
        others = [release for release in healthy if release.content != healthy[0].content]
        fled = _rolled_back_from(healthy)
        candidate = next((release for release in others if release.content not in fled), None)
        if candidate is not None:
            return candidate
        if others:
            raise PlanError(
                f"{stack} has no release to go back to: it was rolled back from every other one that was proven "
                f"({', '.join(str(release.number) for release in others)}). Name the release if you want one of these "
                f"again: tenfold rollback {stack} {others[0].number}"
            )
        raise PlanError(f"{stack} has no other release to go back to. Proven: {numbers}.")
    chosen = next((release for release in releases if release.number == number), None)
    if chosen is None:
        raise PlanError(f"{stack} has no release {number}, or it is no longer kept. Proven: {numbers}.")
    if chosen.state is not ReleaseState.HEALTHY:
        raise PlanError(
            f"Release {number} of {stack} was never proven ({chosen.state}): going back to it would bring back what "
            f"failed. Proven: {numbers}. Deploy what it held if you want to try it again."
        )
    return chosen


def _rolled_back_from(healthy: Sequence[NumberedRelease]) -> list[ReleaseManifest]:
    """The contents that a rollback left, and that nobody brought again since. `healthy` is ordered newest first."""
    fled = list[ReleaseManifest]()
    before: NumberedRelease | None = None
    for release in reversed(healthy):
        fled = [content for content in fled if content != release.content]
        if before and release.verb == "rollback" and before.content != release.content:
            fled.append(before.content)
        before = release
    return fled


def releases_to_compare(stack: str, releases: Sequence[R], first: int, second: int) -> tuple[R, R]:
    """Two releases to compare, by number: the earlier one and the later one.

    0 as `second` is the current release, 0 as `first` the one that ran before the second. `releases` are ordered
    newest first. Raises LedgerError for a release that does not exist.
    """
    running = current(releases)
    if running is None:
        raise LedgerError(f"{stack} has no release yet.")
    after = _numbered(stack, releases, second) if second else running
    before = _numbered(stack, releases, first) if first else _ran_before(stack, releases, after)
    return before, after


def expired(releases: Sequence[NumberedRelease]) -> tuple[int, ...]:
    """The numbers of releases to delete: all but the newest fifty and the current one."""
    running = current(releases)
    return tuple(release.number for release in releases[RELEASES_KEPT:] if release is not running)


def _numbered(stack: str, releases: Sequence[R], number: int) -> R:
    for release in releases:
        if release.number == number:
            return release
    numbers = ", ".join(str(release.number) for release in releases)
    raise LedgerError(f"{stack} has no release {number}, or it is no longer kept. There are: {numbers}.")


def _ran_before(stack: str, releases: Sequence[R], after: R) -> R:
    """The newest healthy release before `after`, or the newest of all before it."""
    earlier = current([release for release in releases if release.number < after.number])
    if earlier is None:
        raise LedgerError(f"{stack} has no release before {after.number} to compare it with.")
    return earlier
