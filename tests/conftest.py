"""What tests of several folders use (a Docker Engine and its images), and what the whole run says at its end."""

import os
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from docker import DockerClient
from hypothesis import settings

from tasks.base.known_secrets import KnownSecrets, known_secrets
from tests.support import images as built
from tests.support import stack_accounts
from tests.support.box import Box
from tests.support.engine import NoEngine, connect

lanes = ("services", "containers")

# Where others wait for the result, the same examples each time; at a desk, new ones.
settings.register_profile("steady", derandomize=True)
if os.environ.get("CI"):
    settings.load_profile("steady")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--lane", choices=lanes, help="one half of the tests, for `make test`, which runs both at once")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is in the other lane."""
    lane = config.getoption("--lane")
    others = [item for item in items if lane is not None and _lane(item) != lane]
    config.hook.pytest_deselected(items=others)
    left_out = set(others)
    items[:] = [item for item in items if item not in left_out]


def _lane(item: pytest.Item) -> str:
    """Who shares one Docker Engine or one control plane is in one lane, one after another."""
    shared = item.get_closest_marker("docker") or item.nodeid.startswith("tests/deployments/")
    return "containers" if shared else "services"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What faults came to, and at how many points a run was killed and ended as an undisturbed one does."""
    tried: Counter[str] = Counter()
    for report in terminalreporter.getreports("passed"):
        for name, value in report.user_properties:
            if name == "points":
                tried[Path(report.fspath).name] += int(str(value))
    for file, points in tried.items():
        terminalreporter.write_line(f"{file}: killed at {points} points, each ended as undisturbed")
    faults = [
        str(value)
        for report in terminalreporter.getreports("passed")
        for name, value in report.user_properties
        if name == "fault" and report.when == "call"
    ]
    for line in faults:
        terminalreporter.write_line(line)


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
def engine() -> Iterator[DockerClient]:
    """The Docker Engine; without one the test is skipped, and the summary says why."""
    try:
        client = connect()
    except NoEngine as no:
        pytest.skip(str(no))
    yield client
    client.close()


@pytest.fixture(scope="session")
def images(engine: DockerClient) -> dict[str, str]:
    """The image override map: what stands for each official image. Built the first time, which takes minutes."""
    try:
        return built.images(engine)
    except built.CannotBuild as error:
        pytest.skip(str(error))


@pytest.fixture
def box(engine: DockerClient, images: dict[str, str]) -> Iterator[Box]:
    """A network of the test's own, to start containers on by hand."""
    box = Box(engine, images)
    yield box
    box.end()
