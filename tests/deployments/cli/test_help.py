"""Help texts: flags, defaults and examples. And one sentence for an unknown stack."""

import pytest

from tests.deployments.cli.cli import Cli

COMMANDS: tuple[tuple[str, ...], ...] = (
    ("demo",), ("provision",), ("deploy",), ("rollback",), ("scale",), ("teardown",), ("reconcile",), ("autoscale",),
    ("grow",), ("run",), ("plan",), ("status",), ("releases",), ("diff",), ("history",), ("why",), ("replay",),
    ("advise",), ("logs",), ("exec",), ("open",), ("show",), ("schema",), ("secret",), ("secret", "set"),
    ("secret", "list"), ("secret", "remove"), ("server",), ("hosts",),
    ("hosts", "trust"), ("aws",), ("aws", "policy"), ("debt",), ("debt", "list"), ("debt", "add"), ("debt", "pay"),
    ("page",), ("report",), ("version",), ("upgrade",),
    ("init",), ("doctor",), ("import",), ("pull",), ("export",), ("export", "compose"), ("up",), ("down",),
)  # fmt: skip
SERVER = (("server", "start"), ("server", "stop"), ("server", "status"))
ON_A_STACK: tuple[tuple[str, ...], ...] = (
    ("provision",), ("deploy",), ("rollback",), ("scale", "web", "2"), ("teardown",), ("reconcile",), ("grow",),
    ("run", "web", "date"), ("plan",), ("status",), ("releases",), ("diff",), ("history",), ("why",), ("replay", "web"),
    ("advise",), ("logs",), ("exec", "web-0"), ("open",), ("show",), ("report",), ("page",),
)  # fmt: skip


@pytest.mark.parametrize("words", [(), *COMMANDS, *SERVER])
def test_a_flag_takes_no_value_and_every_command_and_group_has_an_example(cli: Cli, words: tuple[str, ...]) -> None:
    output = cli.text(*words, "--help")
    assert "bool" not in output
    if words in COMMANDS:
        assert f" tenfold {' '.join(words)}" in output.partition("Examples:")[2]


@pytest.mark.parametrize("verb", ["rollback", "diff", "deploy"])
def test_an_omitted_number_is_not_shown_as_0(cli: Cli, verb: str) -> None:
    assert "[default: 0" not in cli.text(verb, "--help")


def test_replay_shows_what_its_files_look_like(cli: Cli) -> None:
    output = cli.text("replay", "--help")
    assert " window: 5m" in output
    assert " 2026-11-22T18:04:00,1731" in output


@pytest.mark.parametrize("words", ON_A_STACK)
def test_a_stack_that_is_not_known_is_refused_in_one_wording(cli: Cli, words: tuple[str, ...]) -> None:
    verb, *more = words
    result = cli(verb, "nobody", *more)
    assert (result.code, result.out) == (2, "")
    assert result.err.endswith(
        "No stack is called `nobody`. Known: none yet. Give its file to `tenfold provision` first.\n"
    )
