"""What is left out of a server is there to be left out, and nothing else of it is used."""

import ast
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from deployments.server.quiet_imports import CHECKS, CHECKS_OF_PACKAGES, COMMAND_LINE

pytestmark = pytest.mark.pure


def test_all_that_is_used_of_the_checks_is_there() -> None:
    package = find_spec("key_value")
    assert package
    assert package.submodule_search_locations
    files = [file for folder in package.submodule_search_locations for file in Path(folder).rglob("*.py")]
    used = {
        f"{imported.module}.{name.name}"
        for file in files
        for imported in ast.walk(ast.parse(file.read_text()))
        if isinstance(imported, ast.ImportFrom) and (imported.module or "").partition(".")[0] == CHECKS
        for name in imported.names
    }
    names = {"BeartypeConf", "BeartypeStrategy", "beartype"}
    assert used == {f"{CHECKS}.{name}" for name in names} | {f"{CHECKS_OF_PACKAGES}.beartype_this_package"}


@pytest.mark.parametrize(
    ("left_out", "needs", "absent"),
    [
        ("leave_out_checks", "key_value.aio.stores.memory", "beartype.door"),
        ("leave_out_command_line", "httpx", "httpx._main"),
    ],
)
def test_what_is_imported_works_without_it(left_out: str, needs: str, absent: str) -> None:
    program = (
        f"import sys; from deployments.server.quiet_imports import {left_out}; {left_out}(); import {needs}; "
        f"assert sys.modules.get({absent!r}) is None"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_the_command_line_of_httpx_is_where_it_was() -> None:
    assert find_spec(COMMAND_LINE)
