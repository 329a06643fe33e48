"""What an answer brings along of the stream that it begins is not lost."""

import http.client

import pytest

from tasks.ssh.channel_socket import ChannelSocket

pytestmark = pytest.mark.pure

HEAD = b"HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n"


class Channel:
    """A channel of paramiko's that has these pieces to give, and then nothing yet."""

    def __init__(self, *pieces: bytes, seconds: float | None = None) -> None:
        self.pieces, self.seconds = list(pieces), seconds

    def recv(self, count: int) -> bytes:
        if not self.pieces:
            raise TimeoutError
        piece, rest = self.pieces[0][:count], self.pieces[0][count:]
        self.pieces[:1] = [rest] if rest else []
        return piece

    def gettimeout(self) -> float | None:
        return self.seconds


def begun(channel: Channel) -> tuple[http.client.HTTPResponse, ChannelSocket]:
    """An answer whose head was read, and the socket that docker-py finds in it."""
    answer = http.client.HTTPResponse(ChannelSocket(channel))  # type: ignore[arg-type]
    answer.begin()
    return answer, answer.fp.channel  # type: ignore[attr-defined]


@pytest.mark.parametrize("pieces", [(HEAD + b"first", b"second"), (HEAD, b"firstsecond"), (HEAD + b"firstsecond",)])
def test_a_stream_is_read_from_its_first_byte(pieces: tuple[bytes, ...]) -> None:
    _, socket = begun(Channel(*pieces, b""))
    read = b""
    while len(read) < len(b"firstsecond"):
        read += socket.recv(100)
    assert read == b"firstsecond"


def test_a_buffer_gives_what_it_has_and_waits_for_nothing() -> None:
    answer, _ = begun(Channel(HEAD + b"first"))
    assert answer.fp.read1(100) == b"first"
    with pytest.raises(TimeoutError):
        answer.fp.read1(100)


def test_who_does_not_wait_is_told_that_nothing_is_there() -> None:
    answer, _ = begun(Channel(HEAD, seconds=0.0))
    assert not answer.fp.peek()


def test_without_an_answer_it_is_a_plain_socket() -> None:
    assert ChannelSocket(Channel(b"word")).recv(10) == b"word"
