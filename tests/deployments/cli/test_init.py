"""`tenfold init`: the file that it writes, what it says, and what it refuses."""

from pathlib import Path

import pytest

from deployments.cli.installation import from_file
from deployments.cli.terminal import questions
from tests.deployments.cli.cli import Cli

APP = "from fastapi import FastAPI\napp = FastAPI()\n"


@pytest.fixture
def project(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "My Shop"
    (folder / ".venv" / "bin").mkdir(parents=True)
    (folder / ".venv" / "bin" / "python").touch()
    (folder / "main.py").write_text(APP)
    (folder / "requirements.txt").write_text("fastapi\nuvicorn\n")
    monkeypatch.chdir(folder)
    return folder


def test_it_writes_a_file_that_can_be_planned_and_says_what_it_saw(cli: Cli, project: Path, home: Path) -> None:
    out = cli.text("init", "--yes")
    assert "the FastAPI app `app`  main.py" in out
    assert out.splitlines()[-1].endswith("tenfold up")
    stack = from_file(project / "stack.yaml").stack
    assert (stack.name, stack.users.monthly, list(stack.services)) == ("my-shop", 1000, ["web"])
    first = (project / "stack.yaml").read_text().splitlines()[0]
    assert first == f"# yaml-language-server: $schema={home / 'schema' / 'stack-v1.json'}"
    assert (home / "schema" / "stack-v1.json").read_text().startswith('{\n  "$schema"')


def test_it_asks_for_the_name_and_the_users(cli: Cli, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(questions, "can_ask", lambda: True)
    cli.text("init", typed="shop\n20 000\n")
    stack = from_file(project / "stack.yaml").stack
    assert (stack.name, stack.users.monthly) == ("shop", 20_000)


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ("shop\nmany\n", "`many` is no number of users. Nothing was written.\n"),
        ("My Shop\n\n", "`name`"),
    ],
)
def test_an_answer_that_fits_not_writes_nothing(
    cli: Cli, project: Path, monkeypatch: pytest.MonkeyPatch, typed: str, message: str
) -> None:
    monkeypatch.setattr(questions, "can_ask", lambda: True)
    result = cli("init", typed=typed)
    assert (result.code, message in result.err.replace("name:", "`name`")) == (2, True)
    assert not (project / "stack.yaml").exists()


def test_nobody_to_ask(cli: Cli, project: Path) -> None:
    result = cli("init")
    assert (result.code, result.err) == (
        2,
        "Nobody can be asked here. Take what was guessed: tenfold init --yes\n",
    )


def test_it_never_overwrites(cli: Cli, project: Path) -> None:
    (project / "stack.yaml").write_text("mine")
    result = cli("init", "--yes")
    assert result.err == ("stack.yaml is there already, and init never overwrites. Look at: tenfold plan stack.yaml\n")
    assert (project / "stack.yaml").read_text() == "mine"


def test_an_empty_folder(cli: Cli, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    assert cli("init", "--yes").err == "empty is empty. Go to the folder of your app, or try: tenfold demo\n"
