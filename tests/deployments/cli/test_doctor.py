"""`tenfold doctor`: what it prints, and how it ends."""

from pathlib import Path

import pytest

from deployments.cli.verbs import doctor
from infra_specs.errors import TransientError
from infra_specs.installed.versions import Difference
from tasks import providers
from tests.deployments.cli.cli import Cli


@pytest.fixture(autouse=True)
def no_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused() -> tuple[str, float]:
        raise TransientError("the Docker Engine does not answer")

    monkeypatch.setattr(providers, "engine_facts", refused)
    monkeypatch.setattr(doctor, "package_differences", lambda: ())


def test_this_machine(cli: Cli, home: Path) -> None:
    checks = {check["point"]: check for check in cli.json("doctor")["checks"]}
    assert checks["Python"]["state"] == "ok"
    assert checks["Docker Engine"]["seen"] == "the Docker Engine does not answer"
    assert str(home) in checks["disk"]["seen"]
    assert not home.exists() or list(home.iterdir()) == []


def test_a_package_that_breaks_something_ends_it_with_1(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    fastapi = Difference("fastapi", "0.152.0", "0.165.0", "the control plane does not start")
    monkeypatch.setattr(doctor, "package_differences", lambda: (fastapi,))
    result = cli("doctor")
    assert result.code == 1
    assert "fastapi is 0.165.0, tested is 0.152.0: the control plane does not start" in result.out
    assert result.out.splitlines()[-1] == "1 fault."


def test_the_packages_of_this_environment_can_be_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    assert all(difference.breaks == "" for difference in doctor.package_differences() if difference.installed)


def test_a_project(cli: Cli, home: Path, tmp_path: Path) -> None:
    (tmp_path / "stack.yaml").write_text(
        "name: shop\ntarget: {provider: local}\nservices: {web: {command: python app.py, port: 8000}}\n"
    )
    (tmp_path / "app.py").write_text("os.environ['PORT']\n'/healthz'\n")
    assert cli.text("doctor", ".").splitlines()[-1] == "No fault."


def test_no_project(cli: Cli, home: Path, tmp_path: Path) -> None:
    result = cli("doctor", "none")
    assert (result.code, result.err) == (
        2,
        "There is no folder none. Give the folder of a project, or nothing for this machine.\n",
    )
    assert cli("doctor", ".").err == f"{tmp_path} has no stack.yaml. Make one there: tenfold init\n"
