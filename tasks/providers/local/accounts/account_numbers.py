"""The numbers of the stacks' accounts: one that was given is given again as late as possible.

Files may outlive their account, and whoever gets its number gets them, too. `useradd` gives a number that has just
become free at once.
"""

import grp
import hashlib
import os
import pwd
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from infra_specs.errors import ProviderError
from tasks.providers.local.files import read_file, write_file

_FILE = "last_account"
"""In TENFOLD_HOME: the number that was given last."""
_DEFINITIONS = Path("/etc/login.defs")
_FIRST, _LAST = 101, 999
"""Of the machine's own accounts, where /etc/login.defs does not say it."""


def take(home: Path) -> int:
    """The number for a new account, remembered before it is used. Call it alone. ProviderError if none is free."""
    first, last = system_range(read_file(_DEFINITIONS) or "")
    text = (read_file(home / _FILE) or "").strip()
    before = int(text) if text.isdecimal() else _start(home, first, last)
    number = choose(first, last, before, _Taken(_owners(home)))
    if number is None:
        raise ProviderError(
            f"no number from {first} to {last} is free for another account: remove stacks or accounts that are not "
            f"needed, or widen SYS_UID_MIN and SYS_UID_MAX in {_DEFINITIONS}"
        )
    write_file(home / _FILE, f"{number}\n")
    return number


def choose(first: int, last: int, before: int, taken: "Collection[int] | _Taken") -> int | None:
    """The next number after `before` that is not taken, from the first again after the last; None if all are."""
    start = before + 1 if first <= before < last else first
    numbers = (*range(start, last + 1), *range(first, start))
    return next((number for number in numbers if number not in taken), None)


def system_range(definitions: str) -> tuple[int, int]:
    """The first and the last number of system accounts, by the text of /etc/login.defs."""
    fields = [line.split() for line in definitions.splitlines()]
    values = {field[0]: int(field[1]) for field in fields if len(field) == 2 and field[1].isdecimal()}
    last = values.get("SYS_UID_MAX", values.get("UID_MIN", _LAST + 1) - 1)
    return values.get("SYS_UID_MIN", min(_FIRST, last)), last


class _Taken:
    """Numbers that an account or a group of the machine has, or that own something of a stack."""

    def __init__(self, owners: Iterable[int]) -> None:
        self._owners = set(owners)

    def __contains__(self, number: int) -> bool:
        if number in self._owners:
            return True
        for lookup in (pwd.getpwuid, grp.getgrgid):
            with suppress(KeyError):
                lookup(number)
                return True
        return False


def _start(home: Path, first: int, last: int) -> int:
    """Where a home begins: seldom where another one of this machine is."""
    digest = hashlib.sha256(os.path.realpath(home).encode()).digest()
    return first + int.from_bytes(digest[:8], "big") % (last - first + 1)


def _owners(home: Path) -> Iterator[int]:
    """Of what lies in the stacks' folders and right below those, where their volumes are."""
    for pattern in ("stacks/*/*", "stacks/*/*/*"):
        for path in home.glob(pattern):
            with suppress(FileNotFoundError):
                yield path.lstat().st_uid
