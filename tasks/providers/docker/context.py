"""A build's context: the files that the engine is sent, and what says whether any of it has changed."""

import hashlib
import json
import os
import stat
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

from docker.utils.build import create_archive, exclude_paths

from infra_specs.errors import ProviderError
from tasks.providers.base import BuildOrder


class Context:
    """The folder of an order. Raises ProviderError if it, or the Dockerfile in it, is not there."""

    def __init__(self, order: BuildOrder) -> None:
        self._root, self._name = Path(order.context), order.dockerfile
        if not self._root.is_dir():
            raise ProviderError(
                f"the build of {order.service}: there is no folder {self._root}. `context` starts at the spec's own "
                "folder."
            )
        try:
            self.dockerfile = (self._root / order.dockerfile).read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            why = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
            raise ProviderError(
                f"the build of {order.service}: {self._root / order.dockerfile} cannot be read: {why}. "
                "`dockerfile` starts at the context."
            ) from None
        self._files: list[str] = sorted(exclude_paths(str(self._root), self._ignored(), dockerfile=order.dockerfile))

    def digest(self) -> str:
        """Over every name, kind, mode and content; times and owners are none of an image's content."""
        found = hashlib.sha256()
        for name in self._files:
            path = self._root / name
            mode = path.lstat().st_mode
            found.update(json.dumps([name, stat.S_IFMT(mode), stat.S_IMODE(mode)]).encode())
            if stat.S_ISLNK(mode):
                found.update(os.fsencode(path.readlink()))
            elif stat.S_ISREG(mode):
                found.update(_content(path))
        return found.hexdigest()

    def packed(self, dockerfile: str) -> IO[bytes]:
        """The same as a tar, with this text for its Dockerfile, to be closed by who asked."""
        file = TemporaryFile()  # noqa: SIM115 - it is handed on
        other = [] if dockerfile == self.dockerfile else [(self._name, dockerfile)]
        try:
            create_archive(str(self._root), self._files, file, extra_files=other)
        except BaseException:
            file.close()
            raise
        return file

    def _ignored(self) -> list[str]:
        try:
            lines = (self._root / ".dockerignore").read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return []
        return [line.strip() for line in lines if line.strip() and not line.strip().startswith("#")]


def _content(path: Path) -> bytes:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()
