"""Every block of the guide that a reader copies: stack files are read, and commands are run by a test that is named."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from infra_specs.stackfile.reading.environments import merge
from infra_specs.stackfile.reading.load import from_data, load
from tests.docs.blocks import ROOT, Block, blocks

pytestmark = pytest.mark.pure

RUN_BY = {
    "docs/guide/api.md bash 1": "tests/deployments/test_api_page.py",
    "docs/guide/api.md bash 2": "tests/deployments/test_api_page.py",
    "docs/guide/api.md bash 3": "tests/deployments/test_api_page.py",
    "README.md console 1": "tests/deployments/test_command_blocks.py",
    "docs/guide/quickstart.md console 1": "tests/deployments/test_command_blocks.py",
    "docs/guide/docker.md console 1": "tests/deployments/test_command_blocks.py",
}
ON_DOCKER = {"provider": "docker"}
WHOLE: dict[str, Any] = {"name": "shop", "target": {"provider": "local"}, "services": {"web": {"command": "run"}}}
PAGES_OF_OTHERS = ("docs/guide/aws.md",)
"""Whose blocks are whole files."""
SERVICE_KEYS = {"scaling", "route"}


def test_each_command_is_run() -> None:
    named = [str(block) for block in blocks("bash", "console", "sh", "shell")]
    assert sorted(named) == sorted(RUN_BY)
    assert [path for path in RUN_BY.values() if not Path(ROOT / path).is_file()] == []


@pytest.mark.parametrize("block", blocks("yaml"), ids=str)
def test_each_stack_file_can_be_read(block: Block) -> None:
    """A part of a file is read within a whole one."""
    part = yaml.safe_load(block.text)
    if block.page in PAGES_OF_OTHERS:
        assert load(block.text, str(block)).services
        return
    if part.keys() <= SERVICE_KEYS:
        part = {"services": {"web": {"command": "run", "port": 8000, **part}}}
    environments = part.pop("environments", {})
    target = ON_DOCKER if "image" in block.text else WHOLE["target"]
    services = {"web": {"image": "shop:1", "port": 8000}} if target is ON_DOCKER else WHOLE["services"]
    whole = {**WHOLE, "target": target, "services": services, **part}
    for overlay in ({}, *environments.values()):
        assert from_data(merge(whole, overlay), str(block)).services
