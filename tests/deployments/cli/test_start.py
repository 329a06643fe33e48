"""The modules that the command line loads, and its help, version and schema."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from jsonschema import Draft202012Validator

from deployments.cli import app, verbs
from deployments.cli.installation import from_file, tenfold
from infra_specs.stackfile.reading.load import from_data
from tests.deployments.cli.cli import Cli

COMMANDS = (
    "demo", "provision", "scale", "teardown", "reconcile", "plan", "status", "history", "logs", "show", "secret",
    "server", "schema",
)  # fmt: skip
stacks = sorted(Path("infra_specs/stacks").absolute().glob("*.yaml"))


def _loaded(home: Path, *words: str) -> set[str]:
    code = (
        "import sys; sys.argv[0] = 'tenfold'\nfrom deployments.cli import main\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert not end.code, end.code\n"
        "print(*{name.partition('.')[0] for name, module in sys.modules.items() if module}, sep='\\n', file=sys.stderr)"
    )
    ended = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, check=True)
    return set(ended.stderr.split())


def test_help_loads_nothing_heavy(home: Path) -> None:
    assert not _loaded(home, "--help") & {"prefect", "sqlalchemy", "httpx", "pydantic", "yaml"}


def test_nothing_is_left_outside_of_the_home(home: Path, file: Path, tmp_path: Path) -> None:
    account = tmp_path / "account"
    account.mkdir()
    code = "import sys; sys.argv = ['tenfold', 'plan', 'shop.yaml']\nfrom deployments.cli import main\nmain()"
    environment = {**os.environ, "HOME": str(account)}
    environment.pop("PREFECT_HOME", None)
    subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, check=True)
    assert list(account.iterdir()) == []


def test_its_log_lines_tell_no_secret(home: Path) -> None:
    code = (
        "import logging, sys; sys.argv = ['tenfold', '--version']\nfrom deployments.cli import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "logging.getLogger('urllib3').warning('no answer of https://me:my-token@git.example/x')"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stderr == "no answer of https://me:***@git.example/x\n"


def test_an_unexpected_error_steers_no_terminal(home: Path) -> None:
    code = (
        "import deployments.cli\ndef fail():\n    raise ValueError('an app wrote \\x1b[2J at https://me:word@host/')\n"
        "deployments.cli.app = fail\ndeployments.cli.main()"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    first, *_, last = ended.stderr.splitlines()
    assert (ended.returncode, first) == (1, "Traceback (most recent call last):")
    assert last == "ValueError: an app wrote \\x1b[2J at https://me:***@host/"
    assert ended.stderr.endswith("\n")


@pytest.mark.parametrize("words", [("status",), ("history",), ("server", "status", "--help")])
def test_reading_loads_no_prefect(home: Path, words: tuple[str, ...]) -> None:
    assert "prefect" not in _loaded(home, *words)


def test_help_names_every_command_and_each_has_help_of_its_own(cli: Cli) -> None:
    assert all(f" {command} " in cli.text("--help") for command in COMMANDS)
    for command in COMMANDS:
        assert f" {command} " in cli.text(command, "--help")


def test_each_verb_has_a_file_of_its_own() -> None:
    shared = {"__init__", "arguments", "new_release"}
    files = {path.stem for path in Path(verbs.__file__).parent.glob("*.py")} - shared
    commands = typer.main.get_command(app).commands.keys()  # type: ignore[attr-defined]  # a group
    assert {file.removesuffix("_") for file in files} == commands


def test_version(cli: Cli) -> None:
    assert cli.text("--version").startswith("tenfold 0.")


def test_schema_is_json_schema(cli: Cli) -> None:
    Draft202012Validator.check_schema(json.loads(cli.text("schema")))


@pytest.mark.parametrize("path", stacks, ids=lambda path: path.stem)
def test_a_file_means_the_same_to_the_flow(path: Path) -> None:
    argument = from_file(path)
    assert from_data(argument.parameters["spec"]) == argument.stack


def test_it_is_called_again_as_it_was_called(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "some where" / "tenfold"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.setattr("sys.argv", [str(program)])
    monkeypatch.setenv("PATH", "/usr/bin")
    monkeypatch.chdir("/")
    assert tenfold() == f"'{program.relative_to('/')}'"
    monkeypatch.chdir(tmp_path)
    assert tenfold() == "'some where/tenfold'"
    monkeypatch.setenv("PATH", str(program.parent))
    assert tenfold() == "tenfold"
