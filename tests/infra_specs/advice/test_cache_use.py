"""A cache that an app keeps its jobs in."""

from typing import Any

import pytest

from infra_specs.advice.cache_use import cache_use, queue_writes
from infra_specs.advice.rightsizing import Usage
from tests.infra_specs.stacks import a_stack

pytestmark = pytest.mark.pure


@pytest.mark.parametrize(
    ("statistics", "writes"),
    [
        ("", 0),
        ("# Commandstats\r\ncmdstat_set:calls=7,usec=1\r\ncmdstat_lpop:calls=3,usec=1\r\n", 0),
        ("# Commandstats\r\ncmdstat_rpush:calls=7,usec=1\r\ncmdstat_xadd:calls=3,usec=1\r\n", 10),
        ("cmdstat_config|get:calls=2,usec=1\r\ncmdstat_lmove:calls=1,usec=1", 1),
    ],
)
def test_what_puts_something_into_a_list_or_stream_counts(statistics: str, writes: int) -> None:
    assert queue_writes(statistics) == writes


@pytest.mark.parametrize("writes", [None, 0])
def test_a_cache_that_is_one_is_left_alone(writes: int | None) -> None:
    assert cache_use(a_stack(needs={"cache": "valkey"}), {"cache/main": Usage(queue_writes=writes)}) == ()


@pytest.mark.parametrize(
    ("needs", "key"),
    [({}, "write `queue: valkey` under `needs`, and let the app use"), ({"queue": "valkey"}, "let the app use")],
)
def test_one_that_is_used_as_a_queue_is_said_with_the_key_to_write(needs: dict[str, Any], key: str) -> None:
    stack = a_stack(needs={"cache": "valkey", **needs})
    (advice,) = cache_use(stack, {"cache/main": Usage(queue_writes=1234)})
    assert str(advice) == (
        "the cache is used as a queue (1,234 writes to lists or streams since it was started): it forgets the least "
        f"used when it is full, and everything when it ends. For jobs, {key} QUEUE_URL, which loses none."
    )
