"""Watch a canary for a while: its health, and its error rate against that of the replicas it shall replace."""

import asyncio
from collections.abc import Mapping

from infra_specs.errors import ChangeFailed
from infra_specs.releases.canary import RequestCount, Verdict, judge
from infra_specs.resources.instance import Instance
from tasks.base.poll import until
from tasks.changes.failure_log import failure_log
from tasks.providers.base import Counted, Counts
from tasks.run.context import RunContext, current
from tasks.run.retry import retryable_task


@retryable_task("watch {address} for {seconds} s")
async def watch_canary(service: str, address: str, seconds: float) -> str:
    """Watch the canary of a service, and return the verdict as a sentence.

    Raises ChangeFailed as soon as the canary fails or has a significantly higher error rate than the others.
    """
    context = current()
    canary = context.instances[address]
    tally = Tally(canary.outputs.get("endpoint", ""))

    async def look() -> Verdict:
        return await asyncio.to_thread(_look, context, service, canary, tally)

    verdict = await until(look, lambda latest: latest.state == "worse", seconds)
    if verdict.state == "worse":
        log_tail = await failure_log(context, canary, removed=True)
        raise ChangeFailed(
            f"{canary} of {context.stack} does worse than what it would replace. {verdict.reason}.{log_tail}"
        )
    return verdict.reason


class Tally:
    """Requests and errors since the first observation. A falling counter means that the proxy restarted."""

    def __init__(self, endpoint: str) -> None:
        self._endpoint = endpoint
        self._last: dict[str, Counted] = {}
        self._seen: dict[str, RequestCount] = {}

    def add(self, replicas: Mapping[str, Counted]) -> tuple[RequestCount, RequestCount]:
        """Add an observation. Returns the totals of the canary and those of the other replicas."""
        for endpoint, now in replicas.items():
            last = self._last.get(endpoint)
            if last is not None:
                restarted = now.requests < last.requests or now.errors < last.errors
                before, seen = (
                    (Counted(0, 0, 0, True) if restarted else last),
                    self._seen.get(endpoint, RequestCount(0, 0)),
                )
                answered = now.requests - now.in_flight - (before.requests - before.in_flight)
                self._seen[endpoint] = RequestCount(
                    seen.requests + max(0, answered), seen.errors + now.errors - before.errors
                )
            self._last[endpoint] = now
        others = [seen for endpoint, seen in self._seen.items() if endpoint != self._endpoint]
        beside = RequestCount(sum(count.requests for count in others), sum(count.errors for count in others))
        return self._seen.get(self._endpoint, RequestCount(0, 0)), beside


def _look(context: RunContext, service: str, canary: Instance, tally: Tally) -> Verdict:
    health = context.provider.health(canary)
    if health.state == "failed":
        return Verdict("worse", f"it {health.reason}")
    if not isinstance(context.provider, Counts):
        return Verdict("unknown", "this target counts no requests: only its health was watched")
    traffic = context.provider.traffic(context.stack).get(service)
    return judge(*tally.add(traffic.replicas if traffic else {}))
