"""Numbers on the command line: each has two bounds, and a number beyond them is refused in a sentence."""

from collections.abc import Iterator
from typing import Any

import pytest
import typer

from deployments.cli import app
from tests.deployments.cli.cli import Cli

BEYOND = ("nan", "inf", "-inf", "1e308", str(10**30), str(10**400), "-1", "true", "1e999")


def _numbers(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """The parameters of all commands that take a number."""
    if hasattr(command, "commands"):
        for name, inner in command.commands.items():
            yield from _numbers(inner, (*path, name))
        return
    for parameter in command.params:
        if parameter.type_descriptor.annotation in (int, float):
            yield path, parameter


numbers = list(_numbers(typer.main.get_command(app)))


def _words(path: tuple[str, ...], parameter: Any, value: str) -> list[str]:
    """A command with this value, and something for each argument before it."""
    if parameter.param_type_name == "option":
        return [*path, f"{parameter.opts[0]}={value}", "shop", *(["web"] if path == ("replay",) else [])]
    before = {"scale": ["shop", "web"], "rollback": ["shop"], "diff": ["shop"], "debt": ["shop"]}[path[0]]
    return [*path, *before, *(["1"] if parameter.name == "second" else []), "--", value]


def test_the_numbers_that_are_known_are_found() -> None:
    named = {(path[-1], parameter.name) for path, parameter in numbers}
    assert {("scale", "replicas"), ("deploy", "bake"), ("deploy", "canary"), ("logs", "lines")} <= named


@pytest.mark.parametrize("number", numbers, ids=lambda number: f"{number[0][-1]}-{number[1].name}")
def test_each_has_a_bound_on_both_sides(number: tuple[tuple[str, ...], Any]) -> None:
    _, parameter = number
    assert parameter.min is not None
    assert parameter.max is not None


@pytest.mark.parametrize("value", BEYOND)
@pytest.mark.parametrize("number", numbers, ids=lambda number: f"{number[0][-1]}-{number[1].name}")
def test_a_number_beyond_its_bounds_is_refused(cli: Cli, number: tuple[tuple[str, ...], Any], value: str) -> None:
    result = cli(*_words(*number, value))
    assert result.code == 2, result
    assert "Invalid value" in result.err
    assert "Traceback" not in result.err
