"""Modules that a server would import and that nothing here needs, left out before anything imports them."""

import sys
from collections.abc import Callable
from enum import Enum
from types import ModuleType
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])
CHECKS, CHECKS_OF_PACKAGES = "beartype", "beartype.claw"
"""With these a dependency of Prefect's (key_value) checks the types of its own calls: 5 MB, and its modules are
compiled anew at each start."""
COMMAND_LINE = "httpx._main"
"""The command line of httpx, with its colours. httpx does without it where it cannot be imported."""


class Strategy(Enum):
    """How thoroughly is checked."""

    O0 = 0
    O1 = 1


def leave_out_checks() -> None:
    """Have the dependency's calls run as they are."""
    checks, of_packages = ModuleType(CHECKS), ModuleType(CHECKS_OF_PACKAGES)
    vars(checks).update(BeartypeConf=_nothing, BeartypeStrategy=Strategy, beartype=lambda **_: _as_it_is)
    vars(of_packages).update(beartype_this_package=_nothing)
    sys.modules.update({CHECKS: checks, CHECKS_OF_PACKAGES: of_packages})


def leave_out_command_line() -> None:
    """Have httpx without its command line."""
    sys.modules[COMMAND_LINE] = None  # type: ignore[assignment]  # so Python writes down that there is none


def _nothing(**_: object) -> None:
    return None


def _as_it_is(function: F) -> F:
    return function
