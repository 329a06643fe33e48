"""Valkey: nothing without its password, back after it was killed; a cache forgets, a queue does not."""

import os
import signal
import socket
from pathlib import Path

import pytest

from tasks.providers.local import LocalProvider
from tests.support.waiting import wait_healthy
from tests.tasks.providers.local.world import cache, made, pid, queue, volume

pytestmark = [pytest.mark.local, pytest.mark.proof]

PASSWORD = "geheim \"'#\\ ü"


def test_only_the_right_password_opens_it(provider: LocalProvider, home: Path) -> None:
    server = made(provider, cache())
    port = int(server.outputs["port"])
    assert ask(port, ["PING"])[0].startswith(b"-NOAUTH")
    assert ask(port, ["AUTH", "wrong"])[0].startswith(b"-WRONGPASS")
    assert ask(port, ["AUTH", PASSWORD], ["SET", "a", "1"], ["GET", "a"]) == [b"+OK", b"+OK", b"$1"]
    assert b"allkeys-lru" in b"".join(ask(port, ["AUTH", PASSWORD], ["CONFIG", "GET", "maxmemory-policy"], more=True))

    before = pid(home, server)
    os.kill(before, signal.SIGKILL)
    assert pid(home, server, after=before) != before
    wait_healthy(provider, server)
    assert ask(port, ["PING"])[0].startswith(b"-NOAUTH")
    assert ask(port, ["AUTH", PASSWORD])[0] == b"+OK"
    assert list((home / "stacks").rglob("*.rdb")) == []


def test_a_cache_that_is_used_as_a_queue_is_seen(provider: LocalProvider) -> None:
    server = made(provider, cache())
    assert provider.host.uses(server.stack)["cache/main"].queue_writes == 0
    ask(int(server.outputs["port"]), ["AUTH", PASSWORD], ["RPUSH", "jobs", "1"], ["XADD", "s", "*", "a", "1"])
    assert provider.host.uses(server.stack)["cache/main"].queue_writes == 2


def ask(port: int, *commands: list[str], more: bool = False) -> list[bytes]:
    """The first line of each answer, or every line."""
    with socket.create_connection(("127.0.0.1", port)) as connection, connection.makefile("rb") as lines:
        answers = []
        for words in commands:
            parts = [part.encode() for part in words]
            connection.sendall(b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(p), p) for p in parts))
            answer = lines.readline().rstrip()
            answers.append(answer)
            if answer.startswith(b"$"):
                lines.readline()
            if more and answer.startswith(b"*"):
                answers += [lines.readline() for _ in range(2 * int(answer[1:]))]
        return answers


def test_a_queue_keeps_its_jobs_over_a_kill_and_with_another_password(provider: LocalProvider, home: Path) -> None:
    store = made(provider, volume())
    server = made(provider, queue(store.outputs["path"]))
    port, login = int(server.outputs["port"]), ["AUTH", PASSWORD]
    assert ask(port, ["RPUSH", "jobs", "1"])[0].startswith(b"-NOAUTH")
    assert ask(port, ["AUTH", "probe", "x"], ["RPUSH", "jobs", "1"])[1].startswith(b"-NOPERM")
    assert ask(port, login, *(["RPUSH", "jobs", str(number)] for number in range(10)))[-1] == b":10"
    policy = b"".join(ask(port, login, ["CONFIG", "GET", "maxmemory-policy"], more=True))
    assert b"noeviction" in policy

    before = pid(home, server)
    os.kill(before, signal.SIGKILL)
    assert pid(home, server, after=before) != before
    wait_healthy(provider, server)
    assert ask(port, login, ["LLEN", "jobs"])[1] == b":10"

    provider.destroy(server)
    server = made(provider, queue(store.outputs["path"], password="another one"))
    assert ask(int(server.outputs["port"]), ["AUTH", "another one"], ["LLEN", "jobs"])[1] == b":10"


def test_a_full_queue_refuses_jobs_and_forgets_none(provider: LocalProvider) -> None:
    server = made(provider, queue(made(provider, volume()).outputs["path"]))
    port, login = int(server.outputs["port"]), ["AUTH", PASSWORD]
    assert ask(port, login, ["CONFIG", "SET", "maxmemory", "1"], ["RPUSH", "jobs", "x"])[2].startswith(b"-OOM")
