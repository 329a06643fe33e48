"""Descriptors wait in a socket pair, whatever moment their owner is killed at."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tasks.supervisor.descriptor_store import LARGEST, DescriptorStore

pytestmark = [
    pytest.mark.proof,
    pytest.mark.local,
    pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="this system does not list open descriptors"),
]


@pytest.fixture
def store() -> Iterator[DescriptorStore]:
    ends = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    store = DescriptorStore((ends[0].detach(), ends[1].detach()))
    yield store
    for end in (store._write, store._read):
        end.close()


def _open() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def _files(descriptors: list[int]) -> list[int]:
    """Which files they are; closes them."""
    numbers = [os.fstat(descriptor).st_ino for descriptor in descriptors]
    for descriptor in descriptors:
        assert not os.get_inheritable(descriptor)
        os.close(descriptor)
    return sorted(set(numbers))


def test_stored_descriptors_are_read_any_number_of_times(store: DescriptorStore, tmp_path: Path) -> None:
    assert store.load() == []
    files = [os.open(tmp_path / str(number), os.O_CREAT) for number in range(3)]
    numbers = [os.fstat(descriptor).st_ino for descriptor in files]
    before = _open()
    for kept in (3, 1, 2, 0, 3):
        store.save(files[:kept])
        for _ in range(3):
            assert _files(store.load()) == sorted(numbers[:kept])
    assert _open() == before, "a descriptor leaked"
    for descriptor in files:
        os.close(descriptor)
    assert _files(store.load()) == sorted(numbers), "they outlive those that were stored"


def test_a_save_that_was_cut_off_loses_nothing(store: DescriptorStore, tmp_path: Path) -> None:
    first, second = (os.open(tmp_path / name, os.O_CREAT) for name in "ab")
    numbers = sorted(os.fstat(descriptor).st_ino for descriptor in (first, second))
    store.save([first])
    store._send(b"12345678", [first, second])
    assert _files(store.load()) == numbers
    assert _files(store.load()) == numbers
    store.save([second])
    assert _files(store.load()) == [os.fstat(second).st_ino]


def test_as_many_as_allowed(store: DescriptorStore) -> None:
    sockets = [socket.socket() for _ in range(LARGEST)]
    numbers = sorted(os.fstat(connection.fileno()).st_ino for connection in sockets)
    store.save([connection.fileno() for connection in sockets])
    assert _files(store.load()) == numbers
    for connection in sockets:
        connection.close()


def test_saves_that_were_cut_off_never_add_up_to_more_than_a_message_holds(store: DescriptorStore) -> None:
    sockets = [socket.socket() for _ in range(LARGEST)]
    descriptors = [connection.fileno() for connection in sockets]
    numbers = sorted(os.fstat(descriptor).st_ino for descriptor in descriptors)
    before = _open()
    for death in range(6):
        # Killed after the new message was written, before the older one was dropped.
        store._send(f"{death:08}".encode(), descriptors[death % 2 :])
        loaded = store.load()
        assert len(loaded) == LARGEST, "each once"
        assert _files(loaded) == numbers
    store.save(())
    assert _open() == before, "a descriptor leaked"
    for connection in sockets:
        connection.close()
