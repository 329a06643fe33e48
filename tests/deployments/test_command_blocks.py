"""What README, the quickstart and the page on Docker have a reader type, as it is written there."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from docker import DockerClient

from tests.deployments.installations import program
from tests.docs.blocks import ROOT, blocks
from tests.tasks.providers.docker.docker_world import alone

pytestmark = [pytest.mark.prefect, pytest.mark.proof]
CONSOLE = {str(block): block.text for block in blocks("console")}
DEMO = CONSOLE["README.md console 1"]
ENVIRONMENT = Path(sys.prefix)


def commands(block: str) -> list[str]:
    """What is typed behind each prompt."""
    return [line.removeprefix("$ ") for line in block.splitlines() if line.startswith("$ ")]


def typed(command: str, folder: Path, **variables: str) -> str:
    """The output of a command that ends well."""
    environment = {**os.environ, "PATH": f"{program.parent}:{os.environ['PATH']}", **variables}
    done = subprocess.run(
        ["sh", "-c", command], check=False, capture_output=True, text=True, cwd=folder, env=environment, timeout=600
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    return done.stdout


@pytest.mark.usefixtures("plane")
def test_the_demo() -> None:
    if shutil.which("make") is None:
        pytest.skip("make is not installed")
    assert CONSOLE["docs/guide/quickstart.md console 1"] == DEMO
    # The environment is there, in this run's own folder, however old make thinks that it is.
    made = {"VENV": str(ENVIRONMENT), "MAKEFLAGS": f"--old-file={ENVIRONMENT / '.run'}"}
    (command,) = commands(DEMO)
    try:
        output = typed(command, ROOT, **made)
        (url,) = set(re.findall(r"http://127\.0\.0\.1:\d+/(?=\s)", output))
        assert httpx.get(url, timeout=60).status_code == 200
    finally:
        typed("tenfold teardown quickstart --delete-data --yes", ROOT)


@pytest.fixture
def copied(tmp_path: Path, images: dict[str, str]) -> Path:
    """The example and its app where the page has them, with the tests' own images, for none can be fetched."""
    shutil.copytree(ROOT / "examples" / "app", tmp_path / "examples" / "app")
    text = (ROOT / "infra_specs" / "stacks" / "quickstart-docker.yaml").read_text(encoding="utf-8")
    own = ", ".join(f'"{official}": "{tag}"' for official, tag in images.items())
    build = f"{{context: ../../examples/app, args: {{BASE: '{images['tenfold-sample:1']}'}}}}"
    for before, after in (
        ("  provider: docker", f"  images: {{{own}}}\n  provider: docker"),
        ("build: ../../examples/app", f"build: {build}"),
    ):
        assert text.count(before) == 1
        text = text.replace(before, after)
    file = tmp_path / "infra_specs" / "stacks" / "quickstart-docker.yaml"
    file.parent.mkdir(parents=True)
    file.write_text(text, encoding="utf-8")
    return tmp_path


@pytest.fixture
def engine_alone(engine: DockerClient) -> Iterator[DockerClient]:
    with alone(engine):
        yield engine


@pytest.mark.docker
@pytest.mark.usefixtures("plane")
def test_the_quickstart_in_containers(copied: Path, engine_alone: DockerClient) -> None:
    plan, provision, opened = commands(CONSOLE["docs/guide/docker.md console 1"])
    assert "to create" in typed(plan, copied)
    try:
        typed(provision, copied)
        url = typed(opened, copied, BROWSER="true").strip()
        assert httpx.get(url, timeout=60).status_code == 200
    finally:
        typed("tenfold teardown quickstart-docker --delete-data --yes", copied)
    label = {"label": "tenfold.stack=quickstart-docker"}
    assert engine_alone.containers.list(all=True, filters=label) == []
