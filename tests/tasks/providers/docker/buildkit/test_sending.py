"""A folder as it is told to BuildKit: descriptions first, then what it asks for."""

import stat
from io import BytesIO

import pytest

from tasks.providers.docker.buildkit.sending import CHUNK_BYTES, Sending, Unreadable
from tasks.providers.docker.buildkit.wire import BrokenMessage, field, fields
from tasks.providers.docker.builds.context import Text

pytestmark = pytest.mark.pure
big = bytes(range(256)) * (CHUNK_BYTES // 256) + b"end"
FILES = (
    Text("a", b"", stat.S_IFDIR | 0o2755),
    Text("a/run", big, stat.S_IFREG | 0o755, changed=-1),
    Text("empty", b""),
    Text("link", b"", stat.S_IFLNK | 0o777, link="a/run"),
)


def packets(sending: Sending) -> list[dict[int, int | bytes]]:
    found = []
    while (packet := sending.next()) is not None:
        found.append(dict(fields(packet)))
    return found


def test_every_file_is_described_once_and_then_the_end() -> None:
    *described, last = packets(Sending(iter(FILES)))
    assert last == {1: 0}
    told = [dict(fields(packet[2])) for packet in described if isinstance(packet[2], bytes)]
    assert [one[1] for one in told] == [b"a", b"a/run", b"empty", b"link"]
    assert [one[2] for one in told] == [1 << 31 | 1 << 22 | 0o755, 0o755, 0o644, 1 << 27 | 0o777]
    assert [one[5] for one in told] == [0, len(big), 0, 0]
    assert told[1][6] == 2**64 - 1
    assert [one.get(7) for one in told] == [None, None, None, b"a/run"]
    assert not any(3 in one or 4 in one for one in told), "all is root's"


def test_what_is_asked_for_is_sent_in_parts_with_an_end() -> None:
    sending = Sending(iter(FILES))
    packets(sending)
    for number in (2, 1):
        sending.heard(field(1, 1) + field(3, number))
    sent = packets(sending)
    assert [(packet[1], packet[3], len(bytes(packet.get(4, b"")))) for packet in sent] == [  # type: ignore[arg-type]
        (2, 2, 0), (2, 1, CHUNK_BYTES), (2, 1, 3), (2, 1, 0)
    ]  # fmt: skip
    assert b"".join(bytes(packet.get(4, b"")) for packet in sent) == big  # type: ignore[arg-type]
    assert not sending.ended
    sending.heard(field(1, 3))
    assert sending.ended


@pytest.mark.parametrize("packet", [field(1, 1) + field(3, 9), field(1, 4) + field(4, "disk full"), b"\x08"])
def test_what_makes_no_sense_is_refused(packet: bytes) -> None:
    sending = Sending(iter(FILES))
    packets(sending)
    with pytest.raises(BrokenMessage):
        sending.heard(packet)


def test_a_file_that_is_gone_is_named() -> None:
    class Gone(Text):
        def open(self) -> BytesIO:
            raise FileNotFoundError(2, "No such file or directory", self.name)

    sending = Sending(iter([Gone("a", b"x")]))
    packets(sending)
    sending.heard(field(1, 1))
    with pytest.raises(Unreadable, match=r"^a cannot be read: No such file or directory$"):
        sending.next()
