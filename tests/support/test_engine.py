"""The engine of the tests: there, left alone by the script, and looked at from inside its networks."""

import subprocess
import sys
from pathlib import Path

import pytest
from docker import DockerClient

from tests.support.box import Box, until

pytestmark = [pytest.mark.docker, pytest.mark.proof]


def test_the_script_leaves_an_engine_that_answers_alone(engine: DockerClient) -> None:
    before = engine.info()["ID"]
    root = Path(__file__).parents[2]
    done = subprocess.run(
        ["sh", "scripts/engine", str(Path(sys.executable).parent)], cwd=root, capture_output=True, text=True, check=True
    )
    assert "SKIPPED" not in done.stdout
    assert engine.info()["ID"] == before


def test_one_network_does_not_see_into_another(box: Box, engine: DockerClient, images: dict[str, str]) -> None:
    other = Box(engine, images)
    try:
        app = other.run("tenfold-tiny:1", "app")
        until(app, lambda: other.fetch("http://app:8000/healthz") == "ok\n")
        app.reload()
        address = app.attrs["NetworkSettings"]["Networks"][other.network]["IPAddress"]
        assert other.opens(address, 8000)
        assert not box.opens(address, 8000)
        assert not box.opens("app", 8000)
    finally:
        other.end()
