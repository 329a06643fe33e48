"""Texts as people write them, and names of variables."""

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

ENV_PATTERN = r"^[A-Za-z_][A-Za-z0-9_]*$"
EnvName = Annotated[str, Field(pattern=ENV_PATTERN)]


def _text(value: Any) -> Any:
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


Text = Annotated[str, BeforeValidator(_text, str | int | float)]
"""A text; a number stands for its digits, as everybody expects of a port in a command or an environment."""
