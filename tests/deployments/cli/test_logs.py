"""`tenfold logs`."""

from collections.abc import Callable

import pytest

from deployments.cli.installation import Installation
from deployments.cli.terminal.output import console
from deployments.cli.views.logs import LogPrinter, instances_of
from infra_specs.errors import TransientError
from infra_specs.resources.instance import Health, Instance
from tasks.base.known_secrets import known_secrets
from tasks.providers.memory import MemoryProvider
from tests.deployments.cli.cli import Cli


def _instance(address: str, incarnation: int = 1) -> Instance:
    return Instance("shop", address, address.partition("/")[0], "f", incarnation, Health("healthy", "ok", 0.0))


INSTANCES = [
    _instance("database/main"), _instance("replica/web-0"), _instance("replica/web-0", 2),
    _instance("replica/web-api-0"), _instance("replica/web-canary"), _instance("route/web"),
    _instance("volume/database"),
]  # fmt: skip


@pytest.mark.pure
@pytest.mark.parametrize(
    ("name", "names"),
    [
        ("", ["database/main", "replica/web-0", "replica/web-0#2", "replica/web-api-0", "replica/web-canary"]),
        ("web", ["replica/web-0", "replica/web-0#2", "replica/web-canary"]),
        ("web-api", ["replica/web-api-0"]),
        ("replica/web-0", ["replica/web-0", "replica/web-0#2"]),
        ("replica/web-0#2", ["replica/web-0#2"]),
        ("database", ["database/main"]),
    ],
)
def test_a_service_a_kind_or_an_address(name: str, names: list[str]) -> None:
    assert [str(instance) for instance in instances_of(name, INSTANCES)] == names


def test_each_line_says_who_wrote_it_unless_there_is_instance(cli: Cli, provisioned: Callable[[], object]) -> None:
    provisioned()
    assert cli.text("logs", "shop", "web").splitlines() == [
        f"web-{slot} | replica/web-{slot} runs in memory only" for slot in range(3)
    ]
    assert cli.text("logs", "shop", "database") == "database/main runs in memory only\n"
    assert cli.text("logs", "shop", "database", "-n", "0") == ""


class Writing:
    """A target with one instance. Each look shows its next text, the last one for ever; None is its end."""

    def __init__(self, *texts: str | Exception | None) -> None:
        self._texts = list(texts)

    def observe(self, _: str) -> list[Instance]:
        return [] if self._texts[0] is None else [_instance("database/main")]

    def logs(self, _: Instance, lines: int) -> str:
        text = self._texts.pop(0) if len(self._texts) > 1 else self._texts[0]
        if isinstance(text, Exception):
            raise text
        assert text is not None
        return "".join(text.splitlines(keepends=True)[-lines:])


def printing(target: Writing, *, follow: bool, learn: Callable[[], None] = lambda: None) -> LogPrinter:
    return LogPrinter(console(), target, "shop", "", learn=learn, follow=follow)  # type: ignore[arg-type]


def printed(capsys: pytest.CaptureFixture[str], target: Writing, looks: int, lines: int = 50) -> tuple[list[str], str]:
    printer = printing(target, follow=looks > 0)
    printer.show_last(lines)
    for _ in range(looks):
        printer.show_new()
    captured = capsys.readouterr()
    return captured.out.splitlines(), captured.err


@pytest.mark.pure
def test_a_secret_that_is_set_while_a_log_is_followed_is_not_told(capsys: pytest.CaptureFixture[str]) -> None:
    target = Writing("begun\n", "begun\nis set-meanwhile-1\n", "begun\nis set-meanwhile-1\nis set-meanwhile-2\n")
    values = iter(("set-before-it-all", "set-meanwhile-1", "set-meanwhile-2"))
    printer = printing(target, follow=True, learn=lambda: known_secrets.learn("late", next(values)))
    printer.show_last(50)
    printer.show_new()
    printer.show_new()
    assert capsys.readouterr().out.splitlines() == ["begun", "is [secret late]", "is [secret late]"]


@pytest.mark.pure
def test_the_last_lines_of_an_instance_that_is_gone_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    known_secrets.learn("key", "first li\nsecond li\nthird li")
    target = Writing("begun\nfirst li\nno end", None)
    assert printed(capsys, target, 1)[0] == ["begun", "first li", "no end"]
    printer = printing(Writing("first li\nsecond li\nthird li"), follow=True)
    printer.show_last(50)
    printer.finish()
    printer.finish()
    assert capsys.readouterr().out.splitlines() == ["[secret key]"]


@pytest.mark.pure
def test_a_line_that_is_being_written_is_told_once_and_whole(capsys: pytest.CaptureFixture[str]) -> None:
    assert printed(capsys, Writing("one\ntw", "one\ntwo\nthr", "one\ntwo\nthree\n"), 2)[0] == ["one", "two", "three"]
    assert printed(capsys, Writing("one\ntw"), 0)[0] == ["one", "tw"]


@pytest.mark.pure
def test_as_many_lines_as_were_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    text = "".join(f"{number}\n" for number in range(6000))
    lines, _ = printed(capsys, Writing(text, text + "new\n"), 1, lines=5000)
    assert (len(lines), lines[0], lines[-2:]) == (5001, "1000", ["5999", "new"])


@pytest.mark.pure
def test_a_target_that_does_not_answer_for_a_moment_ends_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    away = TransientError("the engine did not answer.")
    lines, error = printed(capsys, Writing("one\n", away, away, "one\ntwo\n"), 4)
    assert (lines, error) == (["one", "two"], "the engine did not answer. Asking again.\n")


@pytest.mark.pure
def test_no_value_is_told_nor_its_lines_while_it_is_being_written(capsys: pytest.CaptureFixture[str]) -> None:
    known_secrets.learn("key", "first\nsecond\nthird")
    texts = ("begun\nfirst\n", "begun\nfirst\nsecond\n", "begun\nfirst\nsecond\nthird\nand on\n")
    assert printed(capsys, Writing(*texts), 2)[0] == ["begun", "[secret key]", "and on"]
    assert printed(capsys, Writing(texts[-1]), 0, lines=2)[0] == ["[secret key]", "and on"]


@pytest.mark.pure
def test_no_line_is_megabytes_or_steers_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    text = "begun\r\n" + "x" * 4 * 2**20 + "\n\x1b[2Jred\rdone\u202e\0\n"
    lines, _ = printed(capsys, Writing(text), 0)
    assert (lines[0], lines[2]) == ("begun", r"\x1b[2Jred\rdone\u202e\x00")
    assert len(lines[1]) == 8192
    assert lines[1].endswith("x [4186137 bytes more cut]")


def test_the_secrets_of_the_stack_are_not_told(
    cli: Cli, provisioned: Callable[[], object], installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    provisioned()
    password = installation.ledger.secrets.value("shop", "database-password", 1)
    monkeypatch.setattr(MemoryProvider, "logs", lambda *_: f"postgresql://app:{password}@db or {password!r}\n")
    assert cli.text("logs", "shop", "database") == (
        "postgresql://app:[secret database-password]@db or '[secret database-password]'\n"
    )


def test_an_unknown_name_says_what_there_is(cli: Cli, provisioned: Callable[[], object]) -> None:
    provisioned()
    result = cli("logs", "shop", "wbe")
    assert (result.code, result.err) == (
        2,
        "Nothing here is called `wbe`. There is: cache/main, database/main, proxy/main, replica/web-0, replica/web-1, "
        "replica/web-2.\n",
    )
