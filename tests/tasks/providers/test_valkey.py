"""What a Valkey is told: to forget, as a cache, or to keep what it is given, as a queue."""

import pytest

from tasks.base.need_protocols import valkey_fault, valkey_question
from tasks.providers.valkey import conf, memory_in

pytestmark = pytest.mark.pure


def test_a_cache_forgets() -> None:
    lines = conf(6379, "p", 2**25).splitlines()
    assert {"maxmemory-policy allkeys-lru", "appendonly no", 'save ""'} <= set(lines)
    assert not any(line.startswith("dir ") for line in lines)


def test_a_queue_keeps_what_it_has_answered_for() -> None:
    lines = conf(6379, "p", 2**25, folder="/v/a b").splitlines()
    assert {"maxmemory-policy noeviction", "appendonly yes", "appendfsync always"} <= set(lines)
    assert r'dir "\x2fv\x2fa\x20b"' in lines


@pytest.mark.parametrize("folder", ["", "/v"])
def test_without_the_password_only_health_and_counts_are_told(folder: str) -> None:
    users = [line for line in conf(6379, "p", 2**25, folder=folder).splitlines() if line.startswith("user ")]
    assert users == ["user probe on nopass -@all +ping +info|commandstats +info|memory"]


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        (b"+PONG\r\n", ""),
        (b"+OK\r\n+PONG\r\n", ""),
        (b"-NOAUTH Authentication required.\r\n", ""),
        (b"+OK\r\n-LOADING the dataset\r\n", "the server answered -LOADING the dataset"),
        (b"", "the server answered nothing"),
    ],
)
def test_the_answer_to_the_probe(answer: bytes, fault: str) -> None:
    assert valkey_fault(answer) == fault
    assert valkey_question("probe").count(b"\n") == 2


def test_what_a_queue_uses_of_its_limit_is_read_from_its_answer() -> None:
    lines = ("# Memory", "used_memory:900", "used_memory_human:900B", "used_memory_startup:100", "maxmemory:2000", "")
    answer = "+OK\r\n$99\r\n" + "\r\n".join(lines)
    assert memory_in(answer) == (800, 2000)
    assert memory_in("-NOPERM this user has no permissions to run the 'info|memory' command\r\n") is None
    assert memory_in("") is None
