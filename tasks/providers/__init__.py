"""The code that acts on a target, a package each. Plain classes: no file here imports Prefect or the ledger.

What every target gives is in `seam`. SDK errors become ours here. Called by `changes`, `stack` and views.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from importlib import import_module
from pathlib import Path

from infra_specs.stackfile.models.hosts import FleetHosts
from infra_specs.stackfile.models.target import TARGETS, Target
from tasks.providers.seam.fleet import FleetProvider
from tasks.providers.seam.provider import KindProvider


def preload(providers: Iterable[str]) -> None:
    """Import the code of these TARGETS: on a busy machine that takes seconds, and no target is to blame for them."""
    for name in sorted(set(TARGETS).intersection(providers)):
        import_module(f"{__name__}.{name}")


def open_provider(target: Target, home: Path) -> KindProvider:
    """The provider for a target, opened; `home` is the folder that Tenfold keeps its things in. Close it after use.

    The package that has the target's name opens it (`open_target`), and is imported only then.
    """
    opener: Callable[[Target, Path], KindProvider] = import_module(f"{__name__}.{target.provider}").open_target
    return opener(target, home)


def open_fleet(fleet: FleetHosts, home: Path) -> FleetProvider:
    """The provider of a fleet's hosts. Nothing connects before it is asked for something. Close it after use."""
    opener: Callable[[FleetHosts, Path], FleetProvider] = import_module(f"{__name__}.hosts.provider").HostsProvider
    return opener(fleet, home)


def engine_facts() -> tuple[str, float]:
    """The version of this machine's Docker Engine, and how many seconds its clock is ahead. Raises ProviderError."""
    facts: Callable[[], tuple[str, float]] = import_module(f"{__name__}.docker.engine.facts").engine_facts
    return facts()


@contextmanager
def opened(target: Target, home: Path) -> Iterator[KindProvider]:
    """The same for the length of the block. Raises ProviderError for one that cannot be opened."""
    with closing(open_provider(target, home)) as provider:
        yield provider
