"""The part `code`: copies of the folders that programs run in, one for each content.

`stacks/NAME/code/DIGEST` is a copy, `DIGEST.json` beside it says what was read for it.
"""

import os
from collections.abc import Callable, Collection, Iterable
from pathlib import Path
from typing import Any

from infra_specs.errors import ProviderError
from tasks.base.clock import now
from tasks.providers.local.accounts import identity
from tasks.providers.local.code.copy import DRAFT, PreviousCopy, link_left_out, make_copy
from tasks.providers.local.code.tree import MOST_FILES, Known, TooLargeError, Tree, list_tree, read_tree
from tasks.providers.local.errors import translated
from tasks.providers.local.files import make_folder, read_json, remove_tree, write_json
from tasks.providers.local.stack_folder import StackFolder, stack_folder_of
from tasks.providers.local.stack_supervisor import statuses_of
from tasks.providers.seam.code import FolderContent

_FRESH_SECONDS = 2.0
"""A file that was changed so shortly before it was read may have changed again with the same times."""


class LocalCode:
    """The part `code` of the stacks below `home`."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._trees: dict[tuple[str, str], tuple[Tree, float]] = {}
        """Those that were read last, by stack and folder, and when their reading began."""

    def content(self, stack: str, folder: str) -> FolderContent:
        """What a folder holds now. Nothing is changed."""
        return self._content(folder, lambda: self._read(stack, folder))

    def glance(self, folder: str) -> FolderContent:
        """The same by names, sizes and times, whatever is in the files."""
        return self._content(folder, lambda: list_tree(Path(folder), self._home))

    def _content(self, folder: str, read: Callable[[], Tree]) -> FolderContent:
        if not Path(folder).is_dir():
            return FolderContent("")  # that it is not there is said where the program is looked at
        if reason := _runs_in_place(folder, self._home):
            return FolderContent("", f"Programs run in {folder} itself, {reason}: an edit there makes no release.")
        with translated():
            try:
                return FolderContent(read().digest)
            except TooLargeError:
                return FolderContent(
                    "",
                    f"Programs run in {folder} itself, for it holds more than {MOST_FILES} files or 2 GB: an edit "
                    "there makes no release. Name what is no code in its .gitignore.",
                )

    def keep(self, stack: str, folder: str, digest: str) -> None:
        """A copy of the folder's content is there when this returns; made now if the folder has that content."""
        with translated():
            stack_folder = stack_folder_of(self._home, stack)
            with stack_folder.locked():
                identity.prepare(stack_folder)
                self._keep(stack_folder, folder, digest)

    def forget(self, stack: str, kept: Collection[str]) -> None:
        """Remove every copy but these and those that something runs from."""
        with translated():
            stack_folder = stack_folder_of(self._home, stack)
            if not stack_folder.code.is_dir():
                return
            used = {Path(status.process.cwd) for status in statuses_of(stack_folder)}
            with stack_folder.locked():
                for copy in _copies(stack_folder):
                    if copy.name not in kept and copy not in used:
                        _record_of(copy).unlink(missing_ok=True)
                        remove_tree(copy)

    def _keep(self, stack_folder: StackFolder, folder: str, digest: str) -> None:
        make_folder(stack_folder.code, 0o711)
        for draft in stack_folder.code.glob(f"{DRAFT}*"):  # of one that was killed
            remove_tree(draft)
        copy = stack_folder.code / digest
        tree, began = self._trees.get((stack_folder.stack, folder), (None, 0.0))
        if tree is None or tree.digest != digest:
            if copy.is_dir():
                return
            tree, began = self._read(stack_folder.stack, folder), now()
        if copy.is_dir():
            link_left_out(tree, copy)
            return
        if tree.digest != digest:
            raise ProviderError(
                f"the code {digest} of {folder} is no longer kept, and the folder holds other code by now. Deploy what "
                "it held, or go back to another release."
            )
        earlier = max(_copies(stack_folder), key=lambda path: path.stat().st_ctime, default=None)
        make_copy(
            tree, copy, stack_folder.owner, PreviousCopy(earlier, _files(_record_of(earlier))) if earlier else None
        )
        write_json(_record_of(copy), {"folder": folder, "read_before": began - _FRESH_SECONDS, "files": tree.files})

    def _read(self, stack: str, folder: str) -> Tree:
        began = now()
        records = [_record_of(copy) for copy in _copies(stack_folder_of(self._home, stack))]
        tree = read_tree(Path(folder), self._home, _known(folder, records))
        self._trees[stack, folder] = tree, began
        return tree


def _runs_in_place(folder: str, home: Path) -> str:
    """Why a folder is never copied, or nothing."""
    real = os.path.realpath(folder)
    if real == "/":
        return "for it is the whole machine"
    if Path(real).is_relative_to(os.path.realpath(home)):
        return "for it is Tenfold's own"
    return ""


def _copies(stack_folder: StackFolder) -> list[Path]:
    folder = stack_folder.code
    paths = folder.iterdir() if folder.is_dir() else ()
    return [path for path in paths if path.is_dir() and not path.name.startswith(".")]


def _record_of(copy: Path) -> Path:
    return copy.with_name(f"{copy.name}.json")


def _files(record: Path) -> dict[str, tuple[tuple[int, ...], str]]:
    """What was read for a copy; nothing if its maker was killed before it could be told."""
    data: Any = read_json(record) or {}
    return {name: (tuple(mark), content) for name, (mark, content) in data.get("files", {}).items()}


def _known(folder: str, records: Iterable[Path]) -> Known:
    """What need not be read again of a folder: what was read for its newest copy, and not changed just before that."""
    for record in sorted((path for path in records if path.is_file()), key=lambda path: -path.stat().st_mtime):
        data: Any = read_json(record)
        if data["folder"] == folder:
            return {name: known for name, known in _files(record).items() if known[0][2] < data["read_before"] * 1e9}
    return {}
