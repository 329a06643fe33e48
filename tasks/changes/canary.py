"""Watch a canary for a while: its health, and its error rate against that of the replicas it shall replace."""

import asyncio
from collections.abc import Collection, Iterable, Mapping

from infra_specs.errors import ChangeFailed
from infra_specs.releases.canary import RequestCount, Verdict, judge
from infra_specs.resources.instance import Instance
from infra_specs.resources.services import answering_endpoints
from tasks.base.poll import until
from tasks.changes.failure_log import failure_log
from tasks.providers.seam.traffic import Counted, Traffic
from tasks.run.context import RunContext, current
from tasks.run.retry import retryable_task


@retryable_task("watch {address} for {seconds} s")
async def watch_canary(service: str, address: str, seconds: float) -> str:
    """Watch the canary of a service, and return the verdict as a sentence.

    Raises ChangeFailed as soon as the canary fails or has a significantly higher error rate than the others.
    """
    context = current()
    canary = context.instances[address]
    tallies = Tallies()

    async def look() -> Verdict:
        return await asyncio.to_thread(_look, context, service, canary, tallies)

    verdict = await until(look, lambda seen: seen.state == "worse", seconds)
    if verdict.state == "worse":
        log_tail = await failure_log(context, canary, removed=True)
        raise ChangeFailed(
            f"{canary} of {context.stack} does worse than what it would replace. {verdict.reason}.{log_tail}"
        )
    return verdict.reason


class Tallies:
    """What all proxies counted since the first look at each."""

    def __init__(self) -> None:
        self._by_proxy: dict[str, Tally] = {}

    def add(self, proxies: Mapping[str, Traffic], endpoints: Collection[str]) -> tuple[RequestCount, RequestCount]:
        """Add an observation, with the canary's endpoints. Returns its totals and those of the other replicas."""
        for name in proxies:
            self._by_proxy.setdefault(name, Tally())
        counted = [
            tally.add(proxies[name].replicas if name in proxies else {}, endpoints)
            for name, tally in self._by_proxy.items()
        ]
        return _sum(canary for canary, _ in counted), _sum(beside for _, beside in counted)


class Tally:
    """What one proxy counted since the first look. A number that fell tells of a proxy that began anew."""

    def __init__(self) -> None:
        self._last: dict[str, Counted] = {}
        self._seen: dict[str, RequestCount] = {}
        self._endpoints: set[str] = set()
        """Every endpoint that the canary has had: the copies of a counted one come and go."""

    def add(self, replicas: Mapping[str, Counted], endpoints: Collection[str]) -> tuple[RequestCount, RequestCount]:
        """Add an observation, with the canary's endpoints. Returns its totals and those of the other replicas."""
        self._endpoints.update(endpoints)
        for endpoint, now in replicas.items():
            last = self._last.get(endpoint)
            if last is not None:
                restarted = now.requests < last.requests or now.errors < last.errors
                before = Counted(0, 0, 0, True) if restarted else last
                seen = self._seen.get(endpoint, RequestCount(0, 0))
                answered = now.requests - now.in_flight - (before.requests - before.in_flight)
                errors = seen.errors + now.errors - before.errors
                self._seen[endpoint] = RequestCount(seen.requests + max(0, answered), errors)
            self._last[endpoint] = now
        canary = (seen for endpoint, seen in self._seen.items() if endpoint in self._endpoints)
        return _sum(canary), _sum(seen for endpoint, seen in self._seen.items() if endpoint not in self._endpoints)


def _sum(parts: Iterable[RequestCount]) -> RequestCount:
    counted = tuple(parts)
    return RequestCount(sum(part.requests for part in counted), sum(part.errors for part in counted))


def _look(context: RunContext, service: str, canary: Instance, tallies: Tallies) -> Verdict:
    latest = context.provider.look(canary)
    if latest is None or latest.failed:
        return Verdict("worse", f"it {latest.health.reason}" if latest else "it is gone")
    if context.provider.traffic is None:
        return Verdict("unknown", "this target counts no requests: only its health was watched")
    proxies = context.provider.traffic.counts(context.stack).get(service, {})
    return judge(*tallies.add(proxies, answering_endpoints(latest)))
