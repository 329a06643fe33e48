"""One Prefect server for all tests of flows, and a home of its own for each."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.prefect_server import running


@pytest.fixture(scope="package")
def prefect_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The server of all tests of flows. It ends with the last of them, since an idle one costs CPU time, too."""
    with running(tmp_path_factory.mktemp("authority")):
        yield


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TENFOLD_HOME", str(tmp_path / "home"))
    return tmp_path / "home"
