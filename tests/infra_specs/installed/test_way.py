"""The command that upgrades, for each way to install."""

from typing import Any

import pytest

from infra_specs.installed.way import installed_by, upgrade_command

pytestmark = pytest.mark.pure

EDITABLE = {"url": "file:///home/ann/my%20code", "dir_info": {"editable": True}}
WHEEL = {"url": "file:///tmp/tenfold-0.2.0-py3-none-any.whl", "archive_info": {}}
REPOSITORY = {"url": "https://git.example/tenfold", "vcs_info": {"vcs": "git", "commit_id": "0a"}}


@pytest.mark.parametrize(
    ("prefix_files", "installer", "direct", "command"),
    [
        (["bin", "uv-receipt.toml"], "uv", {}, "uv tool upgrade tenfold"),
        (["uv-receipt.toml"], "uv", WHEEL, "uv tool install --force file:///tmp/tenfold-0.2.0-py3-none-any.whl"),
        (["pipx_metadata.json"], "pip", {}, "pipx upgrade tenfold"),
        (["pipx_metadata.json"], "pip", REPOSITORY, "pipx install --force git+https://git.example/tenfold"),
        (["bin"], "uv", {}, "uv pip install --python '/my env/bin/python' --upgrade tenfold"),
        (["bin"], "pip", {}, "'/my env/bin/python' -m pip install --upgrade tenfold"),
        (["bin"], "", WHEEL,
         "'/my env/bin/python' -m pip install --upgrade file:///tmp/tenfold-0.2.0-py3-none-any.whl"),
        (["bin"], "pip", EDITABLE, "git -C '/home/ann/my code' pull && make -C '/home/ann/my code' install"),
    ],
)  # fmt: skip
def test_the_command_is_that_of_the_tool_that_installed_it(
    prefix_files: list[str], installer: str, direct: dict[str, Any], command: str
) -> None:
    assert upgrade_command(installed_by(prefix_files, installer, direct, "/my env/bin/python")) == command
