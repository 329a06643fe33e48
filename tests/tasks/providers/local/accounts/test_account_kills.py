"""Killed between any two steps that make or remove an account, the next one ends the same."""

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from infra_specs.resources.instance import Instance
from tasks.providers.local import LocalProvider
from tasks.providers.local.accounts import identity, stack_accounts
from tasks.providers.local.stack_folder import StackFolder
from tests.tasks.providers.local.accounts.looks import WITH_ACCOUNTS
from tests.tasks.providers.local.world import (
    stack,
    volume,
)

pytestmark = [pytest.mark.proof, pytest.mark.local, WITH_ACCOUNTS]


class Killed(BaseException):
    """Nobody who catches errors catches this."""


def steps_of(monkeypatch: pytest.MonkeyPatch, at: int) -> Callable[[], int]:
    """Be killed before one step of all that makes or removes an account; how many were passed."""
    passed = 0

    def watched(call: Callable[..., object]) -> Callable[..., object]:
        def step(*args: object, **kwargs: object) -> object:
            nonlocal passed
            passed += 1
            if passed == at:
                raise Killed
            return call(*args, **kwargs)

        return step

    for owner, names in (
        (stack_accounts, ("_run", "_end_all", "_remove_litter")),
        (identity, ("give", "make_folder")),
        (StackFolder, ("remove",)),
        (os, ("chown",)),
    ):
        for name in names:
            monkeypatch.setattr(owner, name, watched(getattr(owner, name)))
    return lambda: passed


def test_killed_between_any_two_steps_ends_the_same(
    provider: LocalProvider, home: Path, record_property: Callable[[str, object], None]
) -> None:
    def make() -> Instance:
        return provider.create(volume())

    def end() -> None:
        for instance in provider.observe(stack):
            provider.destroy(instance)
        provider.sweep(stack)

    points = 0
    for go in (make, end):
        at = 0
        while True:
            at += 1
            if go is make:
                end()
            else:
                make()
            with pytest.MonkeyPatch.context() as monkeypatch:
                passed = steps_of(monkeypatch, at)
                with suppress(Killed):
                    go()
            if passed() < at:
                break
            points += 1
            go()
            account = stack_accounts.find(home, stack)
            if go is make:
                assert account is not None
                (folder,) = [instance.outputs["path"] for instance in provider.observe(stack)]
                assert Path(folder).stat().st_uid == account.uid
            else:
                assert account is None
                assert list((home / "stacks").iterdir()) == []
            assert len(list(stack_accounts.stacks_of(home))) == (go is make)
    assert points >= 6
    record_property("points", points)
