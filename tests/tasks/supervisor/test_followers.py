"""A follower that reads nothing costs a supervisor little memory, and is let go."""

import asyncio
from typing import Any, cast

import pytest

from tasks.supervisor.followers import MOST_UNREAD, Followers
from tasks.supervisor.process import Process, Status

pytestmark = pytest.mark.pure


class Written:
    """The other end of a connection: it reads once it may."""

    def __init__(self) -> None:
        self.lines: list[bytes] = []
        self.may_read = asyncio.Event()

    def write(self, data: bytes) -> None:
        self.lines.append(data)

    async def drain(self) -> None:
        await self.may_read.wait()


def change(number: int) -> Status:
    return Status(Process(f"p{number}", ("run",)), "healthy", "answers", 0.0, 1, 0)


async def test_who_reads_nothing_is_let_go() -> None:
    followers, slow = Followers(), Written()
    following = asyncio.create_task(followers.follow(asyncio.StreamReader(), cast("Any", slow)))
    await asyncio.sleep(0)
    for number in range(2 * MOST_UNREAD):
        followers.tell(change(number))
        await asyncio.sleep(0)
    slow.may_read.set()
    await asyncio.wait_for(following, 30)
    assert slow.lines[0] == b"\n"
    assert MOST_UNREAD <= len(slow.lines) - 1 <= MOST_UNREAD + 2


async def test_who_closes_is_forgotten() -> None:
    followers, reader, gone = Followers(), asyncio.StreamReader(), Written()
    gone.may_read.set()
    following = asyncio.create_task(followers.follow(reader, cast("Any", gone)))
    await asyncio.sleep(0)
    followers.tell(change(0))
    await asyncio.sleep(0.01)
    reader.feed_eof()
    await asyncio.wait_for(following, 30)
    followers.tell(change(1))
    assert len(gone.lines) == 2


async def test_all_are_let_go_at_the_end() -> None:
    followers = Followers()
    following = asyncio.create_task(followers.follow(asyncio.StreamReader(), cast("Any", Written())))
    await asyncio.sleep(0)
    followers.end()
    await asyncio.wait_for(following, 30)
