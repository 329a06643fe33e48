"""What is said of a build from BuildKit's messages."""

import pytest

from tasks.providers.docker.buildkit.trace import Trace
from tasks.providers.docker.buildkit.wire import BrokenMessage, field

pytestmark = pytest.mark.pure
moment = field(1, 1_700_000_000)


def step(digest: str, name: str, *, started: bool = True, cached: bool = False, error: str = "") -> bytes:
    vertex = field(1, digest) + field(2, "sha256:before") + field(3, name)
    vertex += field(4, 1) if cached else b""
    vertex += field(5, moment) if started else b""
    return field(1, vertex + (field(7, error) if error else b""))


def output(digest: str, text: str | bytes) -> bytes:
    return field(3, field(1, digest) + field(2, moment) + field(3, 1) + field(4, text))


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("[2/3] RUN make", ["Step 2/3 : RUN make"]),
        ("[web 2/3] RUN make", ["Step 2/3 of web : RUN make"]),
        ("[linux/amd64 web 10/13] COPY . /", ["Step 10/13 of linux/amd64 web : COPY . /"]),
        ("[2/3] RUN a\n  b", ["Step 2/3 : RUN a b"]),
        ("[internal] load build context", []),
        ("exporting to image", []),
        ("", []),
    ],
)
def test_an_instruction_is_said_when_it_begins(name: str, said: list[str]) -> None:
    trace = Trace()
    assert list(trace.read(step("a", name, started=False))) == []
    assert list(trace.read(step("a", name))) == said
    assert list(trace.read(step("a", name) + step("b", "exporting to image"))) == []


def test_what_comes_from_the_cache_is_said_so() -> None:
    assert list(Trace().read(step("a", "[1/2] FROM x", started=False, cached=True))) == ["Step 1/2 : FROM x (cached)"]


def test_the_step_that_failed_has_its_own_last_lines() -> None:
    trace = Trace()
    list(trace.read(step("a", "[a 1/1] RUN x") + step("b", "[b 1/1] RUN y")))
    list(trace.read(output("a", "of another step\n") + output("b", "\x1b[31mcomp")))
    list(trace.read(output("b", "iling\x1b[0m\r\n10 %\r100 %\n\n" + "".join(f"{number}\n" for number in range(30)))))
    list(trace.read(output("b", "no line end")))
    assert trace.failed is None
    list(trace.read(step("a", "[a 1/1] RUN x", error="context canceled") + step("b", "[b 1/1] RUN y", error="exit 3")))
    assert trace.failed
    assert trace.failed.name == "Step 1/1 of b : RUN y"
    assert trace.failed.lines == (*(str(number) for number in range(11, 30)), "no line end")


def test_lines_are_as_a_terminal_shows_them() -> None:
    trace = Trace()
    list(trace.read(output("a", "\x1b[31mred\x1b[0m\r\n10 %\r100 %\n \n\t tab\n") + output("a", b"\xff\n")))
    list(trace.read(step("a", "[1/1] RUN x", error="exit code: 1")))
    assert trace.failed
    assert trace.failed.lines == ("red", "100 %", "tab", "\ufffd")


def test_other_messages_are_left_alone_and_broken_ones_refused() -> None:
    trace = Trace()
    assert list(trace.read(field(2, field(1, "exporting layers")) + field(4, "a warning") + field(9, 3))) == []
    with pytest.raises(BrokenMessage):
        list(trace.read(b"\x0a\x50too short"))
