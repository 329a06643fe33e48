"""What tests of several folders use (a Docker Engine and its images), and which tests a run takes."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from docker import DockerClient
from hypothesis import settings

from tasks.base.known_secrets import KnownSecrets, known_secrets
from tests.support import images as built
from tests.support import stack_accounts, summary
from tests.support.box import Box
from tests.support.engine import NoEngine, address, connect
from tests.support.engine_lock import alone_on
from tests.support.hosts.bench import HostBench, host_bench
from tests.support.lanes import Lane
from tests.support.pure_files import pure_files
from tests.support.recorder import Recorder
from tests.support.tiers import chosen, collected, tiers
from tests.support.times import known

# No example is timed, for the machine may be busy. Where others wait for the result, the same examples each time; at a
# desk, new ones.
settings.register_profile("desk", deadline=None)
settings.register_profile("steady", derandomize=True, deadline=None)
settings.load_profile("steady" if os.environ.get("CI") else "desk")

files_taken = pytest.StashKey[set[Path]]()
"""The only files of tests that a run imports, if it is for pure tests."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--tier", choices=tiers, help="the tests of `make test` or of `make proof`, and no others")
    parser.addoption("--lane", type=Lane.parsed, help="1/2 is one half of them, of which both are run side by side")
    parser.addoption("--pure", type=Lane.parsed, help="the pure tests of one lane; no other file is imported")


def pytest_configure(config: pytest.Config) -> None:
    if lane := config.getoption("--lane"):
        config.pluginmanager.register(Recorder(config.getoption("--tier") or "all", lane))
    if lane := config.getoption("--pure"):
        config.pluginmanager.register(Recorder("pure", lane))
        config.stash[files_taken] = pure_files(config.rootpath, lane, known("pure"))


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave out files without pure tests of this lane, before they are imported."""
    taken = config.stash.get(files_taken, None)
    leave = taken is not None and collection_path.suffix == ".py" and collection_path not in taken
    return True if leave else None


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is in another tier or lane."""
    config.stash[collected] = list(items)
    taken = chosen(items, config.getoption("--tier"), config.getoption("--lane"))
    if config.getoption("--pure"):
        taken = [item for item in taken if item.get_closest_marker("pure")]
    config.hook.pytest_deselected(items=list(set(items) - set(taken)))
    items[:] = taken


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for line in (*summary.points(terminalreporter), *summary.faults(terminalreporter)):
        terminalreporter.write_line(line)
    for line in summary.skipped(terminalreporter):
        terminalreporter.write_line(line, yellow=True, bold=True)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Leave no account of a test's stack on this machine."""
    if os.geteuid() == 0:
        folders: pytest.TempPathFactory = session.config._tmp_path_factory  # type: ignore[attr-defined]
        stack_accounts.forget_accounts(folders.getbasetemp())


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """As `tmp_path`, for the programs of a stack: as root they run as accounts that cannot reach pytest's folders."""
    with stack_accounts.open_folder() as folder:
        yield folder


@pytest.fixture
def outcome(record_property: Callable[[str, object], None]) -> Callable[[str, str], None]:
    """Tells what a fault came to; the run's summary has a line of it."""

    def tell(fault: str, what: str) -> None:
        record_property("fault", f"{fault:.<60} {what}")

    return tell


@pytest.fixture(autouse=True)
def _knows_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    """What one test reads from its ledger is no secret of the next one's."""
    for name, value in vars(KnownSecrets()).items():
        monkeypatch.setattr(known_secrets, name, value)


@pytest.fixture(scope="session")
def engine(request: pytest.FixtureRequest) -> Iterator[DockerClient]:
    """The Docker Engine, for this run alone; without one the test is skipped, and the summary says why."""
    try:
        client = connect()
    except NoEngine as no:
        pytest.skip(str(no))
    capture = request.config.pluginmanager.getplugin("capturemanager")

    def say(text: str) -> None:
        with capture.global_and_fixture_disabled():
            print(text, file=sys.stderr, flush=True)

    with alone_on(address(), say):
        yield client
    client.close()


@pytest.fixture(scope="session")
def images(engine: DockerClient) -> dict[str, str]:
    """The image override map: what stands for each official image. Built the first time, which takes minutes."""
    try:
        return built.images(engine)
    except built.CannotBuild as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def all_hosts(engine: DockerClient) -> Iterator[HostBench]:
    """Three hosts, one set for the whole run: containers with systemd, sshd and an engine each."""
    with ExitStack() as stack:
        try:
            bench = stack.enter_context(host_bench(engine, 3))
        except built.CannotBuild as error:
            pytest.skip(str(error))
        yield bench


@pytest.fixture
def bench(all_hosts: HostBench) -> Iterator[HostBench]:
    """The same, as they were at the start."""
    yield all_hosts
    all_hosts.clean()


@pytest.fixture
def box(engine: DockerClient, images: dict[str, str]) -> Iterator[Box]:
    """A network of the test's own, to start containers on by hand."""
    box = Box(engine, images)
    yield box
    box.end()
