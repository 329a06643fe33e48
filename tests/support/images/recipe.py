"""What an image is made of, and a key that changes when any of it does."""

import hashlib
import io
import json
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import IO

dockerfiles = Path(__file__).parent
LEAVE = frozenset({"__pycache__", "include", "doc", "tests"})
"""Folders that no image needs."""


@dataclass(frozen=True)
class Part:
    """A file or folder that is copied into the build as `name`. `version`: known by it, instead of by its content."""

    source: Path
    name: str
    version: str = ""

    def files(self) -> Iterator[tuple[str, Path]]:
        """Each file's name within the build, and the file; always in the same order."""
        if self.source.is_file():
            yield self.name, self.source
        for path in sorted(self.source.rglob("*")):
            within = path.relative_to(self.source)
            if path.is_file() and path.suffix != ".a" and not LEAVE.intersection(within.parts):
                yield f"{self.name}/{within}", path


def package(distribution: str, module: str, name: str, within: str = "") -> Part:
    """A part of an installed package: its module's file or folder, or a path within that."""
    spec = find_spec(module)
    if spec is None or spec.origin is None:
        raise FileNotFoundError(f"the package {distribution} is not installed: make test")
    origin = Path(spec.origin)
    folder = origin.parent if spec.submodule_search_locations else origin
    return Part(folder / within if within else folder, name, f"{distribution} {metadata.version(distribution)}")


def libraries(distribution: str, module: str) -> Part:
    """The shared libraries that a wheel brings beside its package, which finds them there."""
    beside = package(distribution, module, "")
    return Part(beside.source.with_name(f"{module}.libs"), f"{module}.libs", beside.version)


@dataclass(frozen=True)
class Recipe:
    """One image: the folder of its Dockerfile, what is copied beside it, and which stage of it."""

    name: str
    folder: Path
    parts: tuple[Part, ...] = ()
    args: Mapping[str, str] = field(default_factory=dict)
    stage: str = ""

    def key(self, base: str) -> str:
        """Equal for equal images on an equal base."""
        what: list[object] = [base, self.stage, dict(self.args)]
        for part in (Part(self.folder, "."), *self.parts):
            if part.version:
                what.append([part.name, part.version])
            else:
                what += [[name, hashlib.sha256(path.read_bytes()).hexdigest()] for name, path in part.files()]
        return hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()

    def write_context(self, file: IO[bytes]) -> None:
        """The build's context: a tar of the Dockerfile's folder and the parts, readable by everybody."""
        with tarfile.open(fileobj=file, mode="w") as tar:
            for part in (Part(self.folder, "."), *self.parts):
                for name, path in part.files():
                    entry = tarfile.TarInfo(name)
                    entry.mode = 0o755 if path.stat().st_mode & 0o100 else 0o644
                    content = path.read_bytes()
                    entry.size = len(content)
                    tar.addfile(entry, io.BytesIO(content))
