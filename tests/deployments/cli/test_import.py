"""`tenfold import`: the stack file that it writes, and what it says of the rest."""

from pathlib import Path

import pytest

from deployments.cli.installation import from_file
from tests.deployments.cli.cli import Cli

COMPOSE = """\
services:
  web:
    image: example/shop:${TAG}
    ports: ["8080:80"]
    env_file: web.env
    environment: {DATABASE_URL: "postgres://a:b@db/c"}
    privileged: true
  db: {image: "postgres:16"}
"""


@pytest.fixture
def folder(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "shop"
    path.mkdir()
    (path / "compose.yaml").write_text(COMPOSE)
    (path / ".env").write_text("TAG=5\n")
    (path / "web.env").write_text("STRIPE_TOKEN=sk_live_12345\n")
    monkeypatch.chdir(path)
    monkeypatch.delenv("TAG", raising=False)
    return path


def test_a_compose_file(cli: Cli, folder: Path) -> None:
    out = cli.text("import", "compose.yaml")
    stack = from_file(folder / "stack.yaml").stack
    assert (stack.name, stack.services["web"].image) == ("shop", "example/shop:5")
    assert stack.needs.database is not None
    assert "services.web.privileged" in out
    assert "tenfold secret set shop stripe_token" in out
    assert "sk_live" not in out + (folder / "stack.yaml").read_text()


def test_a_procfile(cli: Cli, folder: Path) -> None:
    (folder / "Procfile").write_text("web: python app.py\nworker: python jobs.py\n")
    out = cli.text("import", "Procfile", "-o", "processes.yaml", "--name", "jobs")
    stack = from_file(folder / "processes.yaml").stack
    assert (stack.name, list(stack.services)) == ("jobs", ["web", "worker"])
    assert out.splitlines()[-1].endswith("tenfold up processes.yaml")


@pytest.mark.parametrize(
    ("file", "message"),
    [
        ("none.yaml", "none.yaml cannot be read: No such file or directory.\n"),
        ("web.env", "web.env is no compose file: it has no `services` with a mapping for each.\n"),
    ],
)
def test_a_file_that_is_neither(cli: Cli, folder: Path, file: str, message: str) -> None:
    result = cli("import", file)
    assert (result.code, result.err) == (2, message)


def test_it_never_overwrites(cli: Cli, folder: Path) -> None:
    (folder / "stack.yaml").write_text("mine")
    result = cli("import", "compose.yaml")
    assert result.err == "stack.yaml is there already, and is not overwritten. Nothing was written.\n"
    assert (folder / "stack.yaml").read_text() == "mine"


def test_a_folder_that_is_not_there(cli: Cli, folder: Path) -> None:
    result = cli("import", "compose.yaml", "-o", "nowhere/x.yaml")
    message = "nowhere/x.yaml cannot be written: there is no folder nowhere. Make it first.\n"
    assert (result.code, result.err) == (2, message)


def test_a_file_that_is_too_large(cli: Cli, folder: Path) -> None:
    (folder / "large.yaml").write_text("# " + "x" * 1_500_000)
    result = cli("import", "large.yaml")
    assert (result.code, result.err) == (2, "large.yaml has 1.5 MB; at most 1 MB is read.\n")


def test_paths_start_at_the_file_that_is_written(cli: Cli, folder: Path) -> None:
    (folder / "sub").mkdir()
    (folder / "sub" / "compose.yaml").write_text("services: {web: {build: ./api, ports: ['80:80']}}\n")
    out = cli.text("import", "sub/compose.yaml")
    assert "services.web.build `./api`" in out
    build = from_file(folder / "stack.yaml").stack.services["web"].build
    assert build is not None
    assert build.context == "./sub/api"


def test_a_build_that_has_its_dockerfile_is_not_named(cli: Cli, folder: Path) -> None:
    (folder / "Dockerfile").write_text("FROM scratch\n")
    (folder / "build.yaml").write_text("services: {web: {build: ., ports: ['80:80']}}\n")
    assert "Not carried over" not in cli.text("import", "build.yaml")


def test_a_fault_names_the_file_as_it_was_given(cli: Cli, folder: Path) -> None:
    (folder / "sub").mkdir()
    (folder / "sub" / "none.yaml").write_text("")
    result = cli("import", "sub/none.yaml")
    assert result.err == "sub/none.yaml is no compose file: it has no `services` with a mapping for each.\n"
    assert cli("import", "compose.yaml", "--name", "My Shop").err.startswith("--name: `My Shop` is no name.")
