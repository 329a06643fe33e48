"""The scripts of docs/guide/api.md, as they are written, against a control plane at a port of its own."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.deployments.plane import Plane
from tests.docs.blocks import blocks
from tests.flows.shop import shop

pytestmark = [pytest.mark.prefect, pytest.mark.proof]
FIRST, PROVISION, DEPLOY = (block.text for block in blocks("bash") if block.page == "docs/guide/api.md")


@pytest.fixture
def bash(plane: Plane, tmp_path: Path) -> Path:
    """A folder for the PATH in which `tenfold` is this one."""
    if missing := [program for program in ("bash", "curl", "jq") if shutil.which(program) is None]:
        pytest.skip(f"the scripts need {', '.join(missing)}")
    program = tmp_path / "tenfold"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -c "from deployments.cli import main; main()" "$@"\n')
    program.chmod(0o755)
    return tmp_path


def carried_out(folder: Path, script: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}"}
    return subprocess.run(
        ["bash", "-c", script], check=False, capture_output=True, text=True, env=environment, timeout=300
    )


def test_the_scripts_are_carried_out_as_they_are_written(plane: Plane, bash: Path) -> None:
    spec = shop("quickstart", replicas={"min": 1, "max": 6})
    provisioned = plane.run("provision", spec=spec, source="/srv")
    assert provisioned["type"] == "COMPLETED", provisioned["message"]
    scaled = carried_out(bash, FIRST)
    assert scaled.returncode == 0, scaled.stderr
    assert '"state": "COMPLETED"' in scaled.stdout
    both = carried_out(bash, FIRST + PROVISION + DEPLOY)
    assert both.returncode == 0, both.stderr
    assert plane.runs("provision")[0]["parameters"]["source"] == "/srv/shop"
    env = {"THEME": "dark", "KEY": {"secret": "stripe"}, "DEBUG": None}
    assert plane.runs("deploy")[0]["parameters"] == {"stack": "quickstart", "env": env}
    gone = plane.run("teardown", stack="quickstart", delete_data=True, wait=True)  # the page's name is the demo's, too
    assert gone["type"] == "COMPLETED", gone["message"]


def test_a_wrong_parameter_ends_the_script_and_is_shown(plane: Plane, bash: Path) -> None:
    wrong = carried_out(bash, FIRST.replace('"replicas": 5', '"replicas": "many"'))
    assert wrong.returncode != 0
    assert "'many' is not of type 'integer'" in wrong.stderr
