"""A Prefect server for the tests of one package, and children that have everything loaded for its runs."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

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


@contextmanager
def running(folder: Path) -> Iterator[None]:
    """A server, which runs of this process and of its children ask. `folder` is for its files."""
    os.environ.update(TUNED)
    one_authority = folder / "one.pem"
    # Nobody is asked over TLS, and each of Prefect's clients would read all authorities of the world: 0.1 s a run.
    one_authority.write_text(authority().pem)
    quick = {PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None, PREFECT_API_SSL_CERT_FILE: str(one_authority)}
    with prefect_test_harness(server_startup_timeout=180), temporary_settings(quick):
        asked_with = get_current_settings().to_environment_variables(exclude_unset=True)
        with children.loaded({**os.environ, **asked_with}):
            yield
