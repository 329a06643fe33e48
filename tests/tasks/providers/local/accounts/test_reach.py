"""What a program needs to start, as far as its files say it."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tasks.providers.local.accounts import reach
from tasks.supervisor import syscalls

pytestmark = pytest.mark.pure


@pytest.fixture
def file(tmp_path: Path) -> Callable[..., Path]:
    def make(name: str, text: str = "", mode: int = 0o755) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(mode)
        return path

    return make


def named(command: str, folder: str, path: str) -> tuple[str, ...]:
    return tuple(need.path for need in reach.program(command, folder, path))


def test_our_own_python_is_needed_with_its_packages() -> None:
    needed = [Path(path) for path in reach.interpreter()]
    for path in (sys.executable, pytest.__file__):
        assert any(Path(path).is_relative_to(folder) for folder in needed), path
    assert len(set(needed)) == len(needed)


def test_a_program_alone_is_that_file(tmp_path: Path, file: Callable[..., Path]) -> None:
    file("bin/tool")
    assert named("tool", "/", str(tmp_path / "bin")) == (f"{tmp_path}/bin/tool",)
    assert named("bin/tool", str(tmp_path), "") == (f"{tmp_path}/bin/tool",)
    assert named("none", "/", str(tmp_path / "bin")) == ()


def test_an_installation_comes_with_its_libraries(tmp_path: Path, file: Callable[..., Path]) -> None:
    file("node/bin/node")
    file("node/lib/modules/npm.js")
    assert named("node", "/", str(tmp_path / "node" / "bin")) == (f"{tmp_path}/node",)
    file(".local/bin/tool")
    file(".local/lib/something")
    assert named("tool", "/", str(tmp_path / ".local" / "bin")) == (f"{tmp_path}/.local/bin/tool",)


def test_a_script_needs_its_interpreter_too(tmp_path: Path, file: Callable[..., Path]) -> None:
    file("python/bin/python3")
    file("python/lib/os.py")
    file("app/.venv/pyvenv.cfg")
    (tmp_path / "app" / ".venv" / "bin").mkdir()
    (tmp_path / "app" / ".venv" / "bin" / "python").symlink_to(tmp_path / "python" / "bin" / "python3")
    file("app/.venv/bin/gunicorn", f"#!{tmp_path}/app/.venv/bin/python\nimport gunicorn\n")
    needed = named(".venv/bin/gunicorn", str(tmp_path / "app"), "")
    assert set(needed) == {f"{tmp_path}/app/.venv", f"{tmp_path}/python"}
    file("start.sh", "#!/usr/bin/env -S node --flag\n")
    file("tools/node")
    assert f"{tmp_path}/tools/node" in named("./start.sh", str(tmp_path), f"{tmp_path}/tools")
    file("ring", f"#!{tmp_path}/ring\n")
    assert named("./ring", str(tmp_path), "") == (f"{tmp_path}/ring",)
    file("copied/pyvenv.cfg", f"home = {tmp_path}/python/bin\nversion = 3.11\n")
    file("copied/bin/python")
    assert set(named("copied/bin/python", str(tmp_path), "")) == {f"{tmp_path}/copied", f"{tmp_path}/python"}


@pytest.mark.parametrize(
    ("folder", "name", "closed", "mount", "said"),
    [
        (0o755, 0o755, "", True, ""),
        (0o755, 0o700, "app", False, "chmod o+rx {app}"),
        (0o700, 0o755, "", True, ""),
        (0o700, 0o755, "above", False, "chmod o+x {above}"),
        (0o711, 0o711, "", True, ""),
    ],
)
def test_the_folder_that_is_closed_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: int, name: int, closed: str, mount: bool, said: str
) -> None:
    paths = {"above": tmp_path / "above", "app": tmp_path / "above" / "app"}
    paths["app"].mkdir(parents=True)
    paths["app"].chmod(name)
    paths["above"].chmod(folder)
    monkeypatch.setattr(syscalls, "is_capable", lambda _: mount)
    monkeypatch.setattr(reach, "is_closed", lambda path: path.startswith(str(tmp_path / "a")) and folder == 0o700)

    def check(*needs: Path, uid: int | None = None) -> str:
        wanted = [reach.Need(str(need), "program") for need in needs]
        return reach.fault(wanted, tmp_path / "home", (), "tf-shop-1", uid)

    told = check(paths["app"], tmp_path / "gone")
    assert (said.format(**paths) in told) if said else told == ""
    if said:
        assert "it runs as the account tf-shop-1, which cannot read" in told
        assert told.endswith(f"or move {paths['app']} to a folder that every account may enter, such as /srv")
        assert f"because {paths[closed]} is closed" in told
    assert check(paths["app"], uid=paths["app"].stat().st_uid) == "" or not mount


def test_the_whole_machine_is_no_installation(tmp_path: Path, file: Callable[..., Path]) -> None:
    """A program two folders below the root is in a folder beside `lib`, and belongs to nothing there."""
    file("app/run")
    file("lib/other")
    assert named("./run", str(tmp_path / "app"), "") == (f"{tmp_path}/app/run",)
    assert "/" not in named("/bin/sh", "/", "")
    file("copied/pyvenv.cfg", "home = /bin\n")
    file("copied/bin/python")
    assert set(named("copied/bin/python", str(tmp_path), "")) == {f"{tmp_path}/copied"}
