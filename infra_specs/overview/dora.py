"""The four figures of DORA, from the releases of a stack. Definitions: https://dora.dev/guides/dora-metrics/

- Deployment frequency: releases that were proven, by the week. A rollback is a recovery and no deployment.
- Change lead time: DORA counts from the commit. Tenfold hears of a change when it is asked for, so this is the last
  part of it: from there until the release is proven. The median.
- Change fail rate: of the deployments that came to an end, those that failed in their rollout, that were undone, or
  that were rolled back from after they were proven.
- Failed deployment recovery time: from the beginning of such a release until another one is proven, or until the
  release before it serves alone again. The median, and at most the time that users noticed anything.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Protocol

from infra_specs.releases.selection import ReleaseState

WEEK_SECONDS = 7 * 86_400.0
ROLLBACK = "rollback"


class DatedRelease(Protocol):
    """The part of a release that is counted. Times are seconds since the epoch."""

    @property
    def number(self) -> int: ...
    @property
    def state(self) -> ReleaseState: ...
    @property
    def verb(self) -> str: ...
    @property
    def since(self) -> float: ...
    @property
    def ended(self) -> float | None: ...


@dataclass(frozen=True, slots=True)
class Dora:
    """The four figures of the deployments that began in a span of time. None: nothing to count it from."""

    weeks: float
    deployments: int
    """That were proven."""
    per_week: float
    lead_seconds: float | None
    failed: int
    ended: int
    """Proven or failed: what `failed` is a part of."""
    fail_rate: float | None
    recovery_seconds: float | None
    unrecovered: int
    """Failed ones after which no release was proven yet."""


def dora(releases: Iterable[DatedRelease], since: float, until: float) -> Dora:
    """The figures of the deployments that began from `since` on and before `until`.

    `releases` may be in any order, and must hold the later ones too: they are the recoveries.
    """
    known = sorted(releases, key=lambda release: release.number)
    begun = [release for release in known if release.verb != ROLLBACK and since <= release.since < until]
    proven = [release for release in begun if release.state is ReleaseState.HEALTHY]
    fled = _rolled_back_from(known)
    failed = [
        release
        for release in begun
        if release.number in fled or release.state in (ReleaseState.FAILED, ReleaseState.ROLLED_BACK)
    ]
    ended = len(begun) - sum(release.state is ReleaseState.ROLLING_OUT for release in begun)
    recoveries = [_recovered(release, known) for release in failed]
    times = [at - release.since for release, at in zip(failed, recoveries, strict=True) if at is not None]
    leads = [release.ended - release.since for release in proven if release.ended is not None]
    weeks = (until - since) / WEEK_SECONDS
    return Dora(
        weeks=weeks,
        deployments=len(proven),
        per_week=len(proven) / weeks if weeks > 0 else 0.0,
        lead_seconds=median(leads) if leads else None,
        failed=len(failed),
        ended=ended,
        fail_rate=len(failed) / ended if ended else None,
        recovery_seconds=median(times) if times else None,
        unrecovered=recoveries.count(None),
    )


def span_begin(releases: Iterable[DatedRelease], kept: int, wanted: float, until: float) -> float:
    """From when on releases are counted: `wanted`, or the stack's first release, at least a week before `until`.

    Where the ledger has let older ones go, since it keeps so many: the oldest that it knows.
    """
    known = list(releases)
    oldest = min((release.since for release in known), default=until)
    return max(wanted, oldest if len(known) >= kept else min(oldest, until - WEEK_SECONDS))


def _rolled_back_from(known: Sequence[DatedRelease]) -> set[int]:
    """The proven releases that a rollback left: each the last proven one before it."""
    fled, serving = set[int](), 0
    for release in known:
        if release.state is not ReleaseState.HEALTHY:
            continue
        if release.verb == ROLLBACK and serving:
            fled.add(serving)
        serving = release.number
    return fled


def _recovered(failed: DatedRelease, known: Sequence[DatedRelease]) -> float | None:
    """When it was over. Of an undone one: when nothing of it ran any more."""
    if failed.state is ReleaseState.ROLLED_BACK:
        return failed.ended
    later = (release for release in known if release.number > failed.number and release.state is ReleaseState.HEALTHY)
    return next((release.ended for release in later if release.ended is not None), None)
