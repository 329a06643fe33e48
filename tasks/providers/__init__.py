"""The code that acts on a target, one package each. Plain classes: no file here imports Prefect or the ledger.

What every target can do is said in `base`. SDK errors become ours here. Called by `changes`, `stack` and views.
"""

from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from importlib import import_module
from pathlib import Path

from infra_specs.stackfile.models.target import Docker, Local, Memory, Target
from tasks.providers.base import Provider


def preload(providers: Iterable[str]) -> None:
    """Import the code of these targets: on a busy machine that takes seconds, and no target is to blame for them."""
    for name in sorted({"local", "docker", "memory"}.intersection(providers)):
        import_module(f"{__name__}.{name}")


def open_provider(target: Target, home: Path) -> Provider:
    """The provider for a target, opened; `home` is the folder that Tenfold keeps its things in. Close it after use."""
    match target:
        case Local():
            from tasks.providers.local import LocalProvider  # noqa: PLC0415 - opened on demand

            return LocalProvider(home)
        case Docker():
            from tasks.providers.docker import DockerProvider  # noqa: PLC0415

            return DockerProvider(target)
        case Memory():
            from tasks.providers.memory import MemoryProvider  # noqa: PLC0415

            return MemoryProvider(home / "memory")


@contextmanager
def opened(target: Target, home: Path) -> Iterator[Provider]:
    """The same for the length of the block. Raises ProviderError for one that cannot be opened."""
    with closing(open_provider(target, home)) as provider:
        yield provider
