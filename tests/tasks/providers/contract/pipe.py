"""A command beside a replica's program, between two ends of ours: bytes in, bytes out, and little of them in memory."""

import io
import os
from collections.abc import Callable

import pytest

from infra_specs.resources.instance import Instance
from tasks.providers.seam.parts import PIPE_BYTES
from tasks.providers.seam.provider import KindProvider


class Endless(io.RawIOBase):
    """A source without an end, which counts what was taken."""

    taken = 0

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        assert 0 < size <= PIPE_BYTES
        self.taken += size
        return b"x" * size


class PipeContract:
    """Subclass it with fixtures `provider` and `one` (a replica with MODE=fast, and a shell).

    `most_taken`: bytes that are on their way to a command that reads none, those in sockets and pipes included.
    """

    most_taken = 4 * PIPE_BYTES

    @pytest.fixture
    def piped(self, provider: KindProvider, one: Instance) -> Callable[..., tuple[int, bytes]]:
        def piped(command: str, source: object = None) -> tuple[int, bytes]:
            assert provider.shell is not None
            sink = io.BytesIO()
            code = provider.shell.pipe(one, ["sh", "-c", command], source or io.BytesIO(), sink)
            return code, sink.getvalue()

        return piped

    def test_every_byte_arrives_there_and_here(self, piped: Callable[..., tuple[int, bytes]]) -> None:
        sent = bytes(range(256)) * 20_000
        assert piped("cat; printf '%s' $MODE", io.BytesIO(sent)) == (0, sent + b"fast")

    def test_its_exit_code_is_told_and_its_errors_are_dropped(self, piped: Callable[..., tuple[int, bytes]]) -> None:
        assert piped("echo wrong >&2; echo right; exit 7") == (7, b"right\n")

    def test_what_it_says_after_its_input_is_whole(self, piped: Callable[..., tuple[int, bytes]]) -> None:
        code, output = piped("cat >/dev/null; i=0; while [ $i -lt 3000 ]; do echo line $i; i=$((i + 1)); done")
        assert (code, output.count(b"\n"), output.endswith(b"line 2999\n")) == (0, 3000, True)

    def test_of_what_it_does_not_read_little_is_taken(self, piped: Callable[..., tuple[int, bytes]]) -> None:
        source = Endless()
        assert piped("sleep 1; exit 3", source) == (3, b"")
        assert source.taken <= self.most_taken

    def test_it_ends_though_nobody_closes_its_input(self, piped: Callable[..., tuple[int, bytes]]) -> None:
        reader, writer = os.pipe()
        try:
            assert piped("echo done", os.fdopen(reader, "rb")) == (0, b"done\n")
        finally:
            os.close(writer)

    def test_a_source_that_fails_ends_it_and_is_told(self, piped: Callable[..., tuple[int, bytes]]) -> None:
        class Broken(Endless):
            def read(self, size: int = -1) -> bytes:
                if self.taken:
                    raise ValueError("no more")
                return super().read(size)

        with pytest.raises(ValueError, match="no more"):
            piped("cat; sleep 3600", Broken())

    def test_a_sink_that_fails_ends_it_and_is_told(self, provider: KindProvider, one: Instance) -> None:
        class Full(io.RawIOBase):
            def write(self, _: object) -> int:
                raise ValueError("it is full")

        assert provider.shell is not None
        with pytest.raises(ValueError, match="it is full"):
            provider.shell.pipe(one, ["sh", "-c", "echo begun; sleep 3600"], io.BytesIO(), Full())
