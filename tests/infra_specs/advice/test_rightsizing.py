"""Sizes that do not fit what is used."""

import pytest

from infra_specs.advice.observation import WEEK_SECONDS, Observation
from infra_specs.advice.rightsizing import Usage, rightsizing
from infra_specs.sizing.size import size
from infra_specs.stackfile.reading.load import from_data

pytestmark = pytest.mark.pure

MEGABYTE = 2**20
stack = from_data(
    {
        "name": "shop", "target": {"provider": "memory"},
        "services": {"web": {"command": "run", "port": 80, "memory": 512 * MEGABYTE}},
        "needs": {"database": {"memory": 1024 * MEGABYTE, "storage": 2**30}, "cache": "valkey"},
    }
)  # fmt: skip


ENOUGH = Observation(0, WEEK_SECONDS, {}, {})
BEGUN = Observation(0, 3600, {}, {})


def said(observation: Observation = ENOUGH, **uses: Usage) -> list[str]:
    addresses = {
        "database": "database/main",
        "data": "volume/database",
        "cache": "cache/main",
        "web_0": "replica/web-0",
        "web_1": "replica/web-1",
    }
    return [
        str(change)
        for change in rightsizing(stack, {"web": 2}, {addresses[name]: use for name, use in uses.items()}, observation)
    ]


def test_what_fits_or_is_not_known_is_left_alone() -> None:
    assert said() == []
    assert (
        said(database=Usage(memory=600 * MEGABYTE), data=Usage(disk=500 * MEGABYTE), web_0=Usage(memory=300 * MEGABYTE))
        == []
    )
    assert said(database=Usage(), cache=Usage(), web_0=Usage()) == []


def test_what_is_nearly_used_gets_twice_as_much() -> None:
    (memory,) = said(database=Usage(memory=900 * MEGABYTE))
    assert memory.startswith(
        "the database's memory is nearly used (900MB of 1GB, 88 %). Next step: set needs.database.memory: 2147483648; "
    )
    assert memory.endswith("touches database/main; up to 30 s without the database.")
    (disk,) = said(data=Usage(disk=1000 * MEGABYTE))
    assert "set needs.database.storage: 2147483648;" in disk


def test_what_is_paid_for_and_idle_gets_half_but_data_never_gets_less_room() -> None:
    memory, disk = said(database=Usage(memory=100 * MEGABYTE), data=Usage(disk=10 * MEGABYTE))
    assert "paid for and idle (100MB of 1GB, 10 % used). Next step: set needs.database.memory: 536870912;" in memory
    assert disk == "the database's storage is paid for and idle (10MB of 1GB, 1 % used)."


def test_a_queue_is_never_idle_and_may_be_nearly_full() -> None:
    queued = from_data({**stack.model_dump(mode="json", by_alias=True), "needs": {"queue": {"memory": "256MB"}}})
    idle = {"queue/main": Usage(memory=MEGABYTE), "volume/queue": Usage(disk=0)}
    assert rightsizing(queued, {"web": 1}, idle, ENOUGH) == ()
    (memory,) = rightsizing(queued, {"web": 1}, {"queue/main": Usage(memory=250 * MEGABYTE)}, ENOUGH)
    assert "the queue's memory is nearly used (250MB of 256MB, 98 %)" in str(memory)
    assert str(memory).endswith("touches volume/queue, queue/main; up to 30 s without the queue.")


def test_of_replicas_the_one_that_uses_most_counts() -> None:
    (advice,) = said(web_0=Usage(memory=30 * MEGABYTE), web_1=Usage(memory=450 * MEGABYTE))
    assert advice.startswith("the memory of a replica of web is nearly used (450MB of 512MB, 88 %)")
    assert size(stack).services["web"].today == 1


def test_nothing_is_called_idle_before_enough_was_seen() -> None:
    (waits,) = said(BEGUN, database=Usage(memory=100 * MEGABYTE), data=Usage(disk=10 * MEGABYTE))
    assert waits.startswith("sizes are judged from 1970-01-08 00:00 UTC on, ")
    more, waits = said(BEGUN, database=Usage(memory=900 * MEGABYTE), data=Usage(disk=10 * MEGABYTE))
    assert more.startswith("the database's memory is nearly used")
    assert waits.startswith("sizes are judged from")
    assert said(BEGUN) == said(BEGUN, database=Usage()) == []
