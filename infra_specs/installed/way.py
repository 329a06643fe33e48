"""The tool that installed Tenfold, and the command by which the same tool brings it up to date."""

import shlex
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import unquote, urlsplit

Tool = Literal["uv tool", "pipx", "uv pip", "pip", "a checkout"]
UV_TOOL_RECEIPT, PIPX_RECEIPT = "uv-receipt.toml", "pipx_metadata.json"
"""What `uv tool` and `pipx` leave in the environment that they make."""


@dataclass(frozen=True, slots=True)
class InstalledBy:
    """What installed Tenfold, where, and out of what."""

    tool: Tool
    path: str
    """The checkout, or the Python whose packages Tenfold is one of."""
    source: str = ""
    """The address of the wheel, folder or repository that it was installed from; empty for an index."""

    def __str__(self) -> str:
        return f"{self.tool} in {self.path}" if self.tool == "a checkout" else f"{self.tool}, for {self.path}"


def installed_by(prefix_files: Collection[str], installer: str, direct: Mapping[str, Any], python: str) -> InstalledBy:
    """Which tool installed it.

    `prefix_files` are the names in the environment's folder, `python` is its interpreter, `installer` what the
    package's metadata says, and `direct` its `direct_url.json`, which is empty for a package of an index.
    """
    url = str(direct.get("url", ""))
    if direct.get("dir_info", {}).get("editable"):
        return InstalledBy("a checkout", unquote(urlsplit(url).path))
    source = f"{direct['vcs_info']['vcs']}+{url}" if "vcs_info" in direct else url
    if UV_TOOL_RECEIPT in prefix_files:
        return InstalledBy("uv tool", python, source)
    if PIPX_RECEIPT in prefix_files:
        return InstalledBy("pipx", python, source)
    return InstalledBy("uv pip" if installer == "uv" else "pip", python, source)


def upgrade_command(installed: InstalledBy) -> str:
    """What a person types to have the newest version; what came from an address is installed from there again."""
    path, source = shlex.quote(installed.path), shlex.quote(installed.source)
    return {
        "uv tool": f"uv tool install --force {source}" if installed.source else "uv tool upgrade tenfold",
        "pipx": f"pipx install --force {source}" if installed.source else "pipx upgrade tenfold",
        "uv pip": f"uv pip install --python {path} --upgrade {source if installed.source else 'tenfold'}",
        "pip": f"{path} -m pip install --upgrade {source if installed.source else 'tenfold'}",
        "a checkout": f"git -C {path} pull && make -C {path} install",
    }[installed.tool]
