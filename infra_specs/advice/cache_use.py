"""What a cache is used for, as it counts it: an app that keeps jobs in it will lose them."""

import re
from collections.abc import Mapping

from infra_specs.advice.growth import Advice
from infra_specs.advice.rightsizing import Usage
from infra_specs.catalogue import cache
from infra_specs.stackfile.models.stack import Stack

_WRITES = ("lpush", "rpush", "lpushx", "rpushx", "linsert", "lmove", "blmove", "rpoplpush", "brpoplpush", "xadd")
"""Commands that put something into a list or a stream, which job libraries keep their jobs in."""
_COUNT = re.compile(r"^cmdstat_([a-z]+):calls=([0-9]+),", re.MULTILINE)


def queue_writes(statistics: str) -> int:
    """How often something was put into a list or stream, by what `INFO commandstats` of a Valkey says."""
    return sum(int(calls) for command, calls in _COUNT.findall(statistics) if command in _WRITES)


def cache_use(stack: Stack, usages: Mapping[str, Usage]) -> tuple[Advice, ...]:
    """Advice for a cache that was given what a queue should keep. `usages` are by address."""
    writes = usages.get(cache.NEED.address, Usage()).queue_writes
    if stack.needs.cache is None or not writes:
        return ()
    key = "" if stack.needs.queue else "write `queue: valkey` under `needs`, and "
    said = (
        f"the cache is used as a queue ({writes:,} write{'s' if writes > 1 else ''} to lists or streams since it was "
        "started): it forgets the least used when it is full, and everything when it ends. For jobs, "
        f"{key}let the app use QUEUE_URL, which loses none"
    )
    return (Advice("cache", said, None),)
