"""What `tenfold plan` writes of whole files, to the letter: each file of `plans/` beside its text, or its data.

After a change that is meant: REWRITE_PLANS=1 .venv/bin/pytest tests/deployments/cli/test_whole_plans.py
"""

import os
import shutil
from pathlib import Path

import pytest

from tests.deployments.cli.cli import Cli

pytestmark = pytest.mark.pure
FOLDER = Path(__file__).parent / "plans"


@pytest.mark.parametrize("expected", sorted(FOLDER.glob("*.txt")), ids=lambda path: path.stem)
def test_a_plan_reads_exactly_so(cli: Cli, tmp_path: Path, expected: Path) -> None:
    shutil.copy(expected.with_suffix(".yaml"), tmp_path)
    result = cli("plan", f"{expected.stem}.yaml")
    _compare(f"{result.out}{result.err}exit code {result.code}\n", expected, tmp_path)


@pytest.mark.parametrize("expected", sorted(FOLDER.glob("*.json")), ids=lambda path: path.stem)
def test_the_data_of_a_plan_is_exactly_so(cli: Cli, tmp_path: Path, expected: Path) -> None:
    shutil.copy(expected.with_suffix(".yaml"), tmp_path)
    _compare(cli("plan", f"{expected.stem}.yaml", "--json").out, expected, tmp_path)


def _compare(written: str, expected: Path, tmp_path: Path) -> None:
    written = written.replace(str(tmp_path), "FOLDER")
    if os.environ.get("REWRITE_PLANS"):
        expected.write_text(written)
    assert written == expected.read_text()
