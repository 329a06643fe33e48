"""The environment of a service of a Compose file: each value with where it comes from."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from infra_specs.compose.variables import Unset, filled, whole_variable


@dataclass(frozen=True, slots=True)
class EnvText:
    """A value as it is once every variable in it is filled in; as it is written, where one has no value."""

    text: str
    variable: str = ""
    """The variable that it is, and nothing else: `${NAME}`, or a name without a value."""
    is_taken: bool = False
    """It holds a value of `.env`, of an env file or of the shell."""
    unset: str = ""
    """The first variable in it that has no value."""
    is_null: bool = False
    """It is written as nothing, so that it is left unset where the shell has no value."""


def environment_of(value: Any, variables: Mapping[str, str]) -> dict[str, EnvText]:
    """Names and values. A name without a value is taken from the shell, which is the same as `${NAME}`."""
    nothing = {str(name) for name, given in value.items() if given is None} if isinstance(value, dict) else set()
    return {
        name: replace(_env_text(f"${{{name}}}" if given is None else given, variables), is_null=name in nothing)
        for name, given in _pairs(value)
    }


def _env_text(given: Any, variables: Mapping[str, str]) -> EnvText:
    if not isinstance(given, str):
        return EnvText(str(given).lower() if isinstance(given, bool) else str(given))
    variable = whole_variable(given)
    try:
        text = filled(given, variables)
    except Unset as unset:
        return EnvText(given, variable, unset=str(unset))
    return EnvText(text, variable, is_taken=_without_any(given) != text)


def _without_any(given: str) -> str | None:
    """The text by its defaults alone; None where a variable has none."""
    try:
        return str(filled(given, {}))
    except Unset:
        return None


def _pairs(value: Any) -> list[tuple[str, Any]]:
    if isinstance(value, dict):
        return [(str(name), text) for name, text in value.items()]
    parts = (str(item).partition("=") for item in value or ())
    return [(name, text if equals else None) for name, equals, text in parts]
