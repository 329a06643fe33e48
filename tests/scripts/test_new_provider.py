"""The skeleton of a target imports, type-checks, is registered, and fails exactly the tests of its contract."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.local, pytest.mark.proof]

ROOT = Path(__file__).parents[2]
PARTS = (
    "infra_specs",
    "tasks",
    "flows",
    "deployments",
    "tests",
    "scripts",
    "docs",
    "examples",
    "pyproject.toml",
    "mkdocs.yml",
)
OTHERS = (
    "tests/tasks/providers/memory",
    "tests/infra_specs/stackfile",
    "tests/infra_specs/plan",
    "tests/docs/test_reference.py",
)
"""Tests that a new target must leave as they are."""
MOST_LINES_ELSEWHERE = 3


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The source in a folder of its own."""
    for part in PARTS:
        if (ROOT / part).is_dir():
            shutil.copytree(ROOT / part, tmp_path / part, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / part, tmp_path / part)
    return tmp_path


def run(copy: Path, *command: str) -> "subprocess.CompletedProcess[str]":
    env = {**os.environ, "PYTHONPATH": str(copy)}
    return subprocess.run(
        [sys.executable, *command], cwd=copy, env=env, capture_output=True, text=True, timeout=900, check=False
    )


def test_it_fails_exactly_its_contract(copy: Path) -> None:
    written = run(copy, "scripts/new_provider", "zeppelin")
    assert written.returncode == 0, written.stderr
    (count,) = re.findall(r"(\d+) lines elsewhere", written.stdout)
    assert int(count) <= MOST_LINES_ELSEWHERE, written.stdout
    for command in (["-m", "deployments.write_schema"], ["docs/generate.py"]):
        assert run(copy, *command).returncode == 0
    checked = run(copy, "-m", "mypy", "-p", "tasks.providers.zeppelin")
    assert checked.returncode == 0, checked.stdout
    linted = run(copy, "-m", "ruff", "check", "tasks/providers", "tests/tasks/providers/zeppelin", "infra_specs")
    assert linted.returncode == 0, linted.stdout
    assert run(copy, "-m", "ruff", "format", "--check", "tasks", "tests", "infra_specs").returncode == 0
    options = ("-q", "-p", "no:cacheprovider", "-m", "not docker and not prefect and not browser", "-rA", "--tb=line")
    ended = run(copy, "-m", "pytest", *options, "tests/tasks/providers/zeppelin", *OTHERS)
    passed, failed = outcomes(ended.stdout, "PASSED"), outcomes(ended.stdout, "FAILED")
    own = {test for test in passed | failed if test.startswith("tests/tasks/providers/zeppelin/")}
    assert failed == own, ended.stdout[-4000:]
    assert len(own) > 20
    assert len(passed) > 100
    assert "NotImplementedError" in ended.stdout


def outcomes(text: str, word: str) -> set[str]:
    return set(re.findall(rf"^{word} (\S+)", text, re.MULTILINE))


def test_an_existing_target_and_a_name_that_is_none_are_refused(copy: Path) -> None:
    before = (copy / "infra_specs/stackfile/models/target.py").read_text()
    assert "is there already" in run(copy, "scripts/new_provider", "docker").stderr
    for name in ("Zeppelin", "zep-pelin", "../zeppelin", ""):
        assert run(copy, "scripts/new_provider", name).stderr.startswith("usage:")
    assert (copy / "infra_specs/stackfile/models/target.py").read_text() == before
