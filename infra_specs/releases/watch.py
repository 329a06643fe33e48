"""Whether a release that serves does clearly worse than the one before it, while it is watched.

1. It crashes: one of its programs was started again `CRASHES` times, and oftener than any of the release before.
2. Of its answers clearly more failed (500 and more, or none) than of the release before it: by Fisher's exact test on
   the two shares, one-sided, at `ALPHA`, and by `LEAST_DIFFERENCE` at least. Fewer than `LEAST_REQUESTS` say nothing.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, TypeAlias

from infra_specs.releases.canary import RequestCount, Verdict
from infra_specs.releases.manifest import ReleaseManifest, changed_services
from infra_specs.resources.instance import Instance
from infra_specs.resources.services import answering_endpoints, service_of

ALPHA = 0.001
"""How rarely a release that is no worse may be taken for worse, at one look. A watch has a few looks."""
LEAST_REQUESTS = 20
"""Fewer answers say nothing; a release before with fewer is taken for one whose others were well."""
LEAST_DIFFERENCE = 0.01
"""A difference of fewer points says nothing, however sure it is: 1 %."""
Counts: TypeAlias = Mapping[str, Mapping[str, RequestCount]]
"""Service -> endpoint -> what the proxies counted of it since they know it."""
CRASHES = 3
"""Restarts of one program that are no accident."""


@dataclass(frozen=True, slots=True)
class Before:
    """A service in the release before: what was counted of it, where it answered, and its most restarts of one copy."""

    requests: int
    errors: int
    endpoints: tuple[str, ...]
    restarts: int
    seconds: float
    """For how long the release after it is watched."""
    already: tuple[int, int] = (0, 0)
    """Answers and errors of the release after it when its watch began."""


@dataclass(frozen=True, slots=True)
class Watch:
    """A release that is watched from a moment on, in seconds since the epoch; `verdict` is its end, empty before."""

    since: float
    services: Mapping[str, Before]
    verdict: str = ""

    @property
    def until(self) -> float:
        """When nothing of it is watched any more."""
        return self.since + max((before.seconds for before in self.services.values()), default=0.0)

    def data(self) -> dict[str, Any]:
        """Plain JSON data."""
        services = {name: asdict(before) for name, before in self.services.items()}
        return {"since": self.since, "services": services, "verdict": self.verdict}

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> "Watch":
        """What `data` wrote."""
        services = {
            name: Before(**{**before, "endpoints": tuple(before["endpoints"]), "already": tuple(before["already"])})
            for name, before in data["services"].items()
        }
        return cls(data["since"], services, data["verdict"])


def before_release(seconds: Mapping[str, float], observed: Sequence[Instance], counts: Counts) -> dict[str, Before]:
    """What a release is compared with: service -> the one before. `seconds`: for how long each service is watched.

    A service that does not run is left out.
    """
    services: dict[str, Before] = {}
    for name, duration in seconds.items():
        copies = [instance for instance in observed if service_of(instance.address) == name and instance.live]
        endpoints = frozenset().union(*map(answering_endpoints, copies))
        if duration and copies:
            counted = _sum(count for at, count in counts.get(name, {}).items() if at in endpoints)
            restarts = max(copy.restarts for copy in copies)
            services[name] = Before(counted.requests, counted.errors, tuple(sorted(endpoints)), restarts, duration)
    return services


def watched_services(before: ReleaseManifest, after: ReleaseManifest) -> dict[str, float]:
    """Service -> for how long a release is watched, of those that it changes and that serve in both."""
    return {
        name: service.watch
        for name in changed_services(before, after)
        if (service := after.services[name]).port is not None and service.watch and name in before.services
    }


def begun(services: Mapping[str, Before], counts: Counts, since: float) -> Watch:
    """The watch of a release whose copies have just taken their place."""
    own = {name: _of_others(before, counts.get(name, {})) for name, before in services.items()}
    return Watch(
        since,
        {name: replace(before, already=(own[name].requests, own[name].errors)) for name, before in services.items()},
    )


def judge_release(watch: Watch, observed: Sequence[Instance], counts: Counts) -> Verdict:
    """Judge every service of a release by what was counted of its own copies until now; the worst counts."""
    verdicts = []
    for name, before in watch.services.items():
        copies = [instance for instance in observed if service_of(instance.address) == name]
        new = [copy for copy in copies if not answering_endpoints(copy) & set(before.endpoints)]
        counted = _since_then(_of_others(before, counts.get(name, {})), before)
        verdicts.append(_judge(name, before, new, counted))
    order = ("worse", "as good", "unknown")
    verdicts.sort(key=lambda verdict: order.index(verdict.state))
    if not verdicts:
        return Verdict("unknown", "nothing of it is watched")
    told = [verdict for verdict in verdicts if verdict.state == verdicts[0].state]
    return Verdict(verdicts[0].state, "; ".join(verdict.reason for verdict in told))


def _judge(name: str, before: Before, copies: Sequence[Instance], new: RequestCount) -> Verdict:
    crashed = max(copies, key=lambda copy: copy.restarts, default=None)
    if crashed and crashed.restarts >= CRASHES and crashed.restarts > before.restarts:
        return Verdict("worse", f"{name}: {crashed.short} ended {crashed.restarts} times: {crashed.health.reason}")
    old = RequestCount(before.requests, min(before.errors, before.requests))
    text = f"{name}: {new}, before it {before.errors} of {before.requests}"
    if not new.requests:
        return Verdict("unknown", f"{name}: no request came, so nothing is concluded")
    if new.requests < LEAST_REQUESTS:
        return Verdict("unknown", f"{text}; fewer than {LEAST_REQUESTS} say nothing")
    if old.requests < LEAST_REQUESTS:
        old = RequestCount(LEAST_REQUESTS, old.errors)
    chance = more_by_chance(new, old)
    if chance < ALPHA and new.rate - old.rate >= LEAST_DIFFERENCE:
        return Verdict("worse", f"{text}; by chance once in {1 / max(chance, 1e-9):,.0f} (Fisher's exact test)")
    return Verdict("as good", text)


def more_by_chance(new: RequestCount, old: RequestCount) -> float:
    """How likely so many or more of all errors are the new one's if both fail alike: Fisher's exact test, one-sided."""
    failed = min(new.errors, new.requests)
    errors, total = failed + min(old.errors, old.requests), new.requests + old.requests
    whole = _log_choose(total, new.requests)
    chance = 0.0
    for number in range(failed, min(errors, new.requests) + 1):
        part = math.exp(_log_choose(errors, number) + _log_choose(total - errors, new.requests - number) - whole)
        chance += part
        if part < chance * 1e-12:
            break
    return min(1.0, chance)


def _log_choose(n: int, k: int) -> float:
    if not 0 <= k <= n:
        return -math.inf
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)


def _of_others(before: Before, counts: Mapping[str, RequestCount]) -> RequestCount:
    return _sum(count for at, count in counts.items() if at not in before.endpoints)


def _since_then(now: RequestCount, before: Before) -> RequestCount:
    """What came since the watch began; a number that fell tells of a proxy that began anew."""
    requests, errors = now.requests - before.already[0], now.errors - before.already[1]
    return now if requests < 0 or errors < 0 else RequestCount(requests, errors)


def _sum(parts: Iterable[RequestCount]) -> RequestCount:
    counted = tuple(parts)
    return RequestCount(sum(part.requests for part in counted), sum(part.errors for part in counted))
