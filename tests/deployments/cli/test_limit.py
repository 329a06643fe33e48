"""The note of a plan whose programs run as the owner's account, without one of their own."""

import json
import os
import pwd
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import tasks
from tasks.providers.local.accounts import reach, stack_accounts
from tasks.supervisor.confine import become
from tasks.supervisor.process import Process
from tests.deployments.cli.cli import Cli

SPEC = "name: shop\ntarget: {provider: local}\nservices: {web: {command: sleep 1000}}\n"


@pytest.fixture
def source(home: Path, open_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(open_folder)
    (open_folder / "shop.yaml").write_text(SPEC)
    return open_folder


def notes(text: str) -> str:
    return " ".join(text.partition("\nNotes\n")[2].partition("\n\nPlan")[0].split())


def test_a_plan_notes_once_that_stacks_have_no_accounts(
    cli: Cli, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stack_accounts, "hindrance", lambda: "/etc cannot be written here: make it writable")
    user = pwd.getpwuid(os.geteuid()).pw_name
    note = (
        f"This stack's programs run as your account {user} and can read your files, for /etc cannot be written here: "
        "make it writable, and each stack gets an account of its own, or use the target `docker`."
    )
    assert notes(cli.text("plan", "shop.yaml")) == note
    assert cli.json("plan", "shop.yaml")["notes"] == [note]


def test_a_plan_has_no_note_if_stacks_have_accounts(cli: Cli, source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stack_accounts, "hindrance", lambda: "")
    assert cli.json("plan", "shop.yaml")["notes"] == []
    (source / "shop.yaml").write_text(SPEC.replace("local", "memory"))
    monkeypatch.setattr(stack_accounts, "hindrance", lambda: "only root can make accounts: run Tenfold as root")
    assert cli.json("plan", "shop.yaml")["notes"] == []


@pytest.fixture
def ordinary() -> Iterator[pwd.struct_passwd]:
    """An ordinary account of this machine, for one test."""
    if not stack_accounts.are_possible():
        pytest.skip("only root can make an account, and only with useradd")
    name = f"tf-test-{os.getpid()}"
    subprocess.run(["useradd", "--no-create-home", name], check=True)
    yield pwd.getpwnam(name)
    subprocess.run(["userdel", name], check=True)


@pytest.mark.local
def test_an_ordinary_account_is_told_its_own_name(source: Path, ordinary: pwd.struct_passwd) -> None:
    checkout = str(Path(tasks.__file__).parents[1])
    process = Process("a", (), user=ordinary.pw_name, reads=(*reach.interpreter(), checkout))
    script = "import sys; from deployments.cli import main; sys.argv[0] = 'tenfold'; main()"
    env = {"PATH": "/usr/bin:/bin", "HOME": str(source), "TENFOLD_HOME": str(source / "home"), "PYTHONPATH": checkout}
    run = subprocess.run(
        [sys.executable, "-B", "-c", script, "plan", "shop.yaml", "--json"],
        env=env, cwd=source, capture_output=True, text=True, check=False,
        preexec_fn=lambda: become(process, ordinary),
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    (note,) = json.loads(run.stdout)["notes"]
    assert note.startswith(
        f"This stack's programs run as your account {ordinary.pw_name} and can read your files, for "
    )
    assert "only root can make accounts: run Tenfold as root, and each stack gets" in note
