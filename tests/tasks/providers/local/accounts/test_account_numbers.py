"""Which number the account of a stack gets."""

import os
import pwd
from pathlib import Path

import pytest

from infra_specs.errors import ProviderError
from tasks.providers.local.accounts import account_numbers, stack_accounts
from tests.support.stack_accounts import forget_accounts

needs_accounts = pytest.mark.skipif(
    not stack_accounts.are_possible(), reason="only root can make accounts, with useradd"
)


@pytest.mark.pure
@pytest.mark.parametrize(
    ("before", "taken", "number"),
    [
        (100, (), 101),
        (101, (), 102),
        (101, (102, 103), 104),
        (104, (), 101),
        (103, (104, 101), 102),
        (102, (101, 103, 104), 102),
        (102, (101, 102, 103, 104), None),
        (4000, (), 101),
    ],
)
def test_numbers_move_up_and_begin_again(before: int, taken: tuple[int, ...], number: int | None) -> None:
    assert account_numbers.choose(101, 104, before, taken) == number


@pytest.mark.pure
@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("", (101, 999)),
        ("#SYS_UID_MIN 100\nUID_MIN 1000\n", (101, 999)),
        ("UID_MIN\t500\n", (101, 499)),
        ("SYS_UID_MIN 201\nSYS_UID_MAX  899\nUID_MIN 1000", (201, 899)),
        ("SYS_UID_MIN many\n", (101, 999)),
    ],
)
def test_the_range_is_the_machines_own(text: str, numbers: tuple[int, int]) -> None:
    assert account_numbers.system_range(text) == numbers


@pytest.mark.local
@needs_accounts
def test_a_number_that_was_given_back_is_not_given_to_the_next(tmp_path: Path) -> None:
    numbers = []
    for _ in range(3):
        account = stack_accounts.ensure(tmp_path, "shop")
        assert account is not None
        assert account.gid == account.uid
        numbers.append(account.uid)
        stack_accounts.remove(tmp_path, "shop")
    assert len(set(numbers)) == 3
    assert (tmp_path / "last_account").read_text() == f"{numbers[-1]}\n"
    assert (tmp_path / "last_account").stat().st_mode & 0o777 == 0o600


@pytest.mark.local
@needs_accounts
def test_a_number_that_still_owns_something_is_passed_over(tmp_path: Path) -> None:
    first = account_numbers.take(tmp_path)
    (tmp_path / "last_account").write_text(f"{first - 1}\n")
    volume = tmp_path / "stacks" / "other" / "volumes" / "data"
    volume.mkdir(parents=True)
    os.chown(volume, first, -1)
    try:
        account = stack_accounts.ensure(tmp_path, "shop")
        assert account is not None
        assert account.uid != first
        assert account.uid not in {entry.pw_uid for entry in pwd.getpwall() if entry.pw_name != account.name}
    finally:
        forget_accounts(tmp_path)


@pytest.mark.pure
def test_where_none_is_left_it_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(account_numbers, "choose", lambda *_: None)
    with pytest.raises(ProviderError, match=r"no number from .* is free for another account: remove stacks"):
        account_numbers.take(tmp_path)
