"""The folder of one stack, and the lock that changes to it take."""

import contextlib
import fcntl
import os
import stat
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from infra_specs.errors import ProviderError
from infra_specs.resources.address import Address
from tasks.base.atomic_write import Owner
from tasks.providers.local.accounts import stack_accounts
from tasks.providers.local.accounts.stack_accounts import Account
from tasks.providers.local.files import make_folder, remove_tree

_thread = threading.local()
"""`locked`: the stack folders that this thread has locked."""


@dataclass(frozen=True, slots=True)
class StackFolder:
    """The folder of one stack. Other accounts may pass through it (0711), and read nothing."""

    home: Path
    stack: str

    @property
    def path(self) -> Path:
        return self.home / "stacks" / self.stack

    @property
    def supervisor(self) -> Path:
        return self.path / "supervisor"

    @property
    def volumes(self) -> Path:
        return self.path / "volumes"

    @property
    def routes(self) -> Path:
        return self.path / "routes"

    @property
    def proxy(self) -> Path:
        return self.path / "proxy"

    @property
    def doors(self) -> Path:
        """Where its proxy waits for the front, at ports that the front has in its place."""
        return self.path / "doors"

    @property
    def settings(self) -> Path:
        return self.path / "settings"

    @property
    def own(self) -> Path:
        """What the stack's programs have as HOME."""
        return self.path / "home"

    @property
    def code(self) -> Path:
        """The copies of the folders that its programs run in, one for each content."""
        return self.path / "code"

    @property
    def programs_own(self) -> tuple[Path, ...]:
        """What the stack's programs may be given of all that is below the home."""
        return (self.volumes, self.own, self.code)

    @property
    def account(self) -> Account | None:
        """What the stack's programs run as; None is who runs us."""
        return stack_accounts.find(self.home, self.stack)

    @property
    def owner(self) -> Owner | None:
        """Whose the files are that the stack's programs read; None is who runs us."""
        account = self.account
        return (account.uid, account.gid) if account else None

    @property
    def exists(self) -> bool:
        return self.path.is_dir()

    def remove(self) -> None:
        """The whole folder, at once."""
        remove_tree(self.path)

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the stack's lock against all threads and processes, with its folders made. Only for short changes.

        The lock is reentrant for a thread.
        """
        locked: set[Path] = _thread.__dict__.setdefault("locked", set())
        if self.path in locked:
            yield
            return
        with self._alone():
            locked.add(self.path)
            try:
                yield
            finally:
                locked.discard(self.path)

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        while True:
            try:
                make_folder(self.path.parent, 0o711)
                make_folder(self.path, 0o711)
                handle = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            except FileNotFoundError:  # removed at this very moment by the one before us
                continue
            try:
                fcntl.flock(handle, fcntl.LOCK_EX)
                if self._is_lock(handle):
                    self._make()
                    yield
                    return
            finally:
                os.close(handle)

    def _make(self) -> None:
        for folder in (self.volumes, self.settings):
            make_folder(folder, 0o711)
        make_folder(self.routes)

    def _is_lock(self, handle: int) -> bool:
        """The one who held it may have removed the stack: then its lock is no longer the stack's."""
        try:
            return os.path.samestat(os.fstat(handle), (self.path / "lock").stat())
        except FileNotFoundError:
            return False


def stack_folder_of(home: Path, stack: str) -> StackFolder:
    """The folder of a stack. Raises ProviderError where something else is in its place: nothing could be seen in it."""
    stack_folder = StackFolder(home, stack)
    try:
        # One look: between two of them a teardown may remove the folder.
        is_folder = stat.S_ISDIR(stack_folder.path.stat().st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return stack_folder
    if not is_folder:
        raise ProviderError(f"{stack_folder.path} is no folder, and the stack's things belong in it. Remove it.")
    return stack_folder


def stack_folders(home: Path) -> Iterator[StackFolder]:
    """The folders of all stacks below a home, sorted."""
    folder = home / "stacks"
    if folder.is_dir():
        for path in sorted(folder.iterdir()):
            if not path.name.startswith("."):
                yield StackFolder(home, path.name)


def slug(address: str, incarnation: int) -> str:
    """An instance as a file name: `database-main.2`."""
    return f"{Address.parse(address).joined('-')}.{incarnation}"
