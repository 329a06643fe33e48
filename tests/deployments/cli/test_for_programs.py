"""What programs rely on: JSON from every verb that reads, no colours in a pipe or with NO_COLOR, completion."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from deployments.server import control_plane
from tests.deployments.cli.cli import Cli

READ = (
    ("plan",), ("status",), ("backups",), ("releases",), ("diff",), ("history",), ("why",), ("replay",), ("advise",),
    ("show",), ("secret", "list"), ("server", "status"), ("hosts", "history"), ("version",), ("doctor",),
    ("debt", "list"),
)  # fmt: skip
"""Verbs that read. Left out are those that stream (`logs`, `exec`), open something, or write a file."""


@pytest.mark.parametrize("words", READ, ids=" ".join)
def test_each_verb_that_reads_has_json(cli: Cli, words: tuple[str, ...]) -> None:
    assert "--json" in cli.text(*words, "--help")


def test_a_spec_as_json(cli: Cli, provisioned: Callable[[], object]) -> None:
    provisioned()
    assert cli.json("show", "shop")["needs"] == {"database": "postgres", "cache": "valkey"}


def test_secrets_as_json_have_no_value(cli: Cli) -> None:
    cli("secret", "set", "shop", "stripe", typed="sk_live_1\n")
    result = cli("secret", "list", "shop", "--json")
    (secret,) = json.loads(result.out)["secrets"]
    assert (secret["name"], secret["version"]) == ("stripe", 1)
    assert "sk_live" not in result.out


@pytest.mark.parametrize(
    ("plane", "code", "ready"),
    [(None, 1, False), (control_plane.ControlPlane(4200, "healthy", "failed"), 1, False)],
    ids=["down", "failed"],
)
def test_the_control_plane_as_json(
    cli: Cli,
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    plane: control_plane.ControlPlane | None,
    code: int,
    ready: bool,
) -> None:
    monkeypatch.setattr(control_plane, "status", lambda: plane)
    monkeypatch.setattr(control_plane, "faults", lambda: ())
    result = cli("server", "status", "--json")
    assert (result.code, json.loads(result.out)["ready"]) == (code, ready)


def test_a_pipe_has_no_colours_even_if_a_terminal_would(
    cli: Cli, provisioned: Callable[[], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    provisioned()
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    for words in (("status", "shop"), ("plan", "shop"), ("history", "shop")):
        assert "\x1b" not in cli(*words).out


def test_completion_is_offered_for_the_shell(cli: Cli) -> None:
    assert "--install-completion" in cli.text("--help")
