"""Which release is meant: to run, to go back to, to keep."""

from collections.abc import Sequence
from typing import Literal, Protocol, TypeVar

from infra_specs.errors import PlanError
from infra_specs.releases.manifest import ReleaseManifest

ReleaseState = Literal["proving", "proven", "failed", "undone"]
"""`proving`: on its way. `proven`: the whole stack was healthy with it. `failed`: it was not, and may be half there.
`undone`: what it left is gone, another serves."""
RELEASES_KEPT = 50
"""So many of a stack's last releases are kept, and with them the one that runs."""


class Numbered(Protocol):
    """A release as far as this module looks at it."""

    @property
    def number(self) -> int: ...
    @property
    def state(self) -> ReleaseState: ...
    @property
    def content(self) -> ReleaseManifest: ...


R = TypeVar("R", bound=Numbered)


def aim(releases: Sequence[R]) -> R | None:
    """The release that shall run: the last one proven, so that a bad one is never tried again by itself; while none
    is, the newest. `releases` come newest first."""
    return next((one for one in releases if one.state == "proven"), releases[0] if releases else None)


def rollback_candidate(stack: str, releases: Sequence[R], number: int) -> R:
    """The release that a rollback means: `number`, or with 0 the last proven one with another content than what runs.

    Raises PlanError that lists what can be gone back to.
    """
    proven = [one for one in releases if one.state == "proven"]
    known = ", ".join(str(one.number) for one in proven) or "none yet"
    runs = aim(releases)
    if number == 0:
        other = next((one for one in proven if runs and one.content != runs.content), None)
        if other is None:
            raise PlanError(f"{stack} has no other release to go back to. Proven: {known}.")
        return other
    meant = next((one for one in releases if one.number == number), None)
    if meant is None:
        raise PlanError(f"{stack} has no release {number}, or it is no longer kept. Proven: {known}.")
    if meant.state != "proven":
        raise PlanError(
            f"Release {number} of {stack} was never proven ({meant.state}): going back to it would bring back what "
            f"failed. Proven: {known}. Deploy what it held if you want to try it again."
        )
    return meant


def expired(releases: Sequence[Numbered]) -> tuple[int, ...]:
    """The numbers of releases that need not be kept: all but the last fifty and the one that shall run."""
    runs = aim(releases)
    return tuple(one.number for one in releases[RELEASES_KEPT:] if one is not runs)
