"""One Prefect server for all tests of flows, and a home of its own for each."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from prefect.settings import (
    PREFECT_API_SSL_CERT_FILE,
    PREFECT_FLOWS_HEARTBEAT_FREQUENCY,
    get_current_settings,
    temporary_settings,
)
from prefect.testing.utilities import prefect_test_harness

from deployments.server.environment import TUNED
from tests.support import children
from tests.support.certificates import authority


@pytest.fixture(scope="session")
def prefect_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A server, and what runs in this process or in a child ask it with."""
    os.environ.update(TUNED)
    one_authority = tmp_path_factory.mktemp("authority") / "one.pem"
    # Nobody is asked over TLS, and each of Prefect's clients would read all authorities of the world: 0.1 s a run.
    one_authority.write_text(authority().pem)
    quick = {PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None, PREFECT_API_SSL_CERT_FILE: str(one_authority)}
    with prefect_test_harness(server_startup_timeout=180), temporary_settings(quick):
        asked_with = get_current_settings().to_environment_variables(exclude_unset=True)
        with children.loaded({**os.environ, **asked_with}):
            yield


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TENFOLD_HOME", str(tmp_path / "home"))
    return tmp_path / "home"
