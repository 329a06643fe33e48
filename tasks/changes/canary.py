"""Watching a canary for a while: its health, and its errors beside those of the replicas that it shall replace."""

import asyncio
from collections.abc import Mapping

from infra_specs.errors import ChangeFailed
from infra_specs.releases.canary import Seen, Verdict, judge
from infra_specs.resources.instance import Instance
from tasks.base.poll import until
from tasks.changes.failure_log import last_words
from tasks.providers.base import Counted, Counts
from tasks.run.context import Site, site
from tasks.run.retry import effect


@effect("watch {address} for {seconds} s")
async def bake(service: str, address: str, seconds: float) -> str:
    """Watch the canary of a service, and return how it did, in a sentence.

    Raises ChangeFailed as soon as it is unwell or surely fails more requests than those beside it.
    """
    place = site()
    canary = place.known[address]
    tally = Tally(canary.outputs.get("endpoint", ""))

    async def look() -> Verdict:
        return await asyncio.to_thread(_look, place, service, canary, tally)

    verdict = await until(look, lambda seen: seen.state == "worse", seconds)
    if verdict.state == "worse":
        said = await last_words(place, canary, goes=True)
        raise ChangeFailed(f"{canary} of {place.stack} does worse than what it would replace. {verdict.reason}.{said}")
    return verdict.reason


class Tally:
    """What was counted since the first look. A number that fell tells of a proxy that began anew."""

    def __init__(self, endpoint: str) -> None:
        self._endpoint = endpoint
        self._last: dict[str, Counted] = {}
        self._seen: dict[str, Seen] = {}

    def add(self, replicas: Mapping[str, Counted]) -> tuple[Seen, Seen]:
        """Another look; returns all that the canary was asked, and all that those beside it were."""
        for endpoint, now in replicas.items():
            last = self._last.get(endpoint)
            if last is not None:
                anew = now.requests < last.requests or now.errors < last.errors
                before, seen = (Counted(0, 0, 0, True) if anew else last), self._seen.get(endpoint, Seen(0, 0))
                answered = now.requests - now.in_flight - (before.requests - before.in_flight)
                self._seen[endpoint] = Seen(seen.requests + max(0, answered), seen.errors + now.errors - before.errors)
            self._last[endpoint] = now
        others = [seen for endpoint, seen in self._seen.items() if endpoint != self._endpoint]
        beside = Seen(sum(one.requests for one in others), sum(one.errors for one in others))
        return self._seen.get(self._endpoint, Seen(0, 0)), beside


def _look(place: Site, service: str, canary: Instance, tally: Tally) -> Verdict:
    health = place.provider.health(canary)
    if health.state == "failed":
        return Verdict("worse", f"it {health.reason}")
    if not isinstance(place.provider, Counts):
        return Verdict("unknown", "this target counts no requests: only its health was watched")
    traffic = place.provider.traffic(place.stack).get(service)
    return judge(*tally.add(traffic.replicas if traffic else {}))
