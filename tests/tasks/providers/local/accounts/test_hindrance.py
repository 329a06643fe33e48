"""Why stacks have no accounts on a machine: each reason with its own cure."""

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tasks.providers.local.accounts import stack_accounts
from tasks.supervisor import syscalls

pytestmark = pytest.mark.pure


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """A machine where all is well but what a test says."""

    def make(
        platform: str = "linux", user: int = 0, tool: str = "", capability: int | None = None, writable: bool = True
    ) -> None:
        monkeypatch.setattr(sys, "platform", platform)
        monkeypatch.setattr(os, "geteuid", lambda: user)
        monkeypatch.setattr(shutil, "which", lambda name, path=None: None if name == tool else f"/usr/sbin/{name}")
        monkeypatch.setattr(syscalls, "is_capable", lambda number: number != capability)
        monkeypatch.setattr(os, "access", lambda path, mode: writable)

    return make


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({}, ""),
        ({"platform": "darwin"}, "accounts are made on Linux alone: run Tenfold there as root"),
        ({"user": 1000}, "only root can make accounts: run Tenfold as root"),
        ({"tool": "useradd"}, "this machine has no useradd: install the package that holds it (passwd or shadow)"),
        (
            {"capability": syscalls.CAP_KILL},
            "root lacks the capability KILL here: start Tenfold with it (docker run --cap-add)",
        ),
        (
            {"capability": syscalls.CAP_SETUID},
            "root lacks the capability SETUID here: start Tenfold with it (docker run --cap-add)",
        ),
        ({"writable": False}, "/etc cannot be written here: make it writable"),
    ],
)
def test_each_reason_has_its_cure(machine: Callable[..., None], changed: dict[str, object], reason: str) -> None:
    machine(**changed)
    assert stack_accounts.hindrance() == reason
    assert stack_accounts.are_possible() == (not reason)


@pytest.mark.skipif(not stack_accounts.are_possible(), reason="only root can make accounts, with useradd")
def test_an_account_from_before_is_not_used_where_none_can_be_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    try:
        assert stack_accounts.ensure(tmp_path, "shop") is not None
        with monkeypatch.context() as without:
            without.setattr(os, "access", lambda path, mode: False)
            assert stack_accounts.ensure(tmp_path, "shop") is None
            assert stack_accounts.find(tmp_path, "shop") is None
    finally:
        stack_accounts.remove(tmp_path, "shop")
