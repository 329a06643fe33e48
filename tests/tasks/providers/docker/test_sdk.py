"""The engine's SDK is loaded once, also where Prefect has put a module in its place that is loaded later."""

import subprocess
import sys

import pytest

pytestmark = pytest.mark.local

PROGRAM = """
from prefect.utilities.importtools import lazy_import
lazy_import("docker")
from tasks.providers.docker.containers.removal import NotFound
from docker.api.client import create_api_error_from_http_exception as create
assert create.__globals__["NotFound"] is NotFound, "an error of the engine is not the error that is waited for"
"""


def test_an_error_of_the_engine_is_the_one_that_is_caught() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], check=False, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
