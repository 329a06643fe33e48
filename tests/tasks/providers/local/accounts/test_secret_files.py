"""A secret that is bytes is a file for the program alone, and goes with it."""

import json
import os
import stat
from pathlib import Path

import pytest

from infra_specs.resources.resource import SecretRef
from tasks.providers.local import LocalProvider
from tests.tasks.providers.local.world import cache, get, made, replica, volume

pytestmark = pytest.mark.local
DATA = b"\x30\x82\x00\xff\xfe\r\n"


def test_a_program_is_given_the_path_of_its_bytes(provider: LocalProvider, home: Path) -> None:
    wanted = replica(env={"STORE": SecretRef("store"), "PLAIN": "text"}).resolved(lambda _: DATA)
    instance = made(provider, wanted)
    port = instance.outputs["endpoint"].rpartition(":")[2]
    seen = json.loads(get(port, "/env")[1])
    assert "STORE" not in seen
    assert seen["PLAIN"] == "text"
    path = Path(seen["STORE_FILE"])
    assert path.read_bytes() == DATA
    status = path.stat()
    assert stat.S_IMODE(status.st_mode) == 0o600
    process = next(Path("/proc").glob(f"{_pid(port)}"))
    assert status.st_uid == process.stat().st_uid, "the account that runs the program owns it"
    provider.destroy(instance)
    assert not path.exists()
    assert not [path for path in home.rglob("*") if path.is_file() and DATA in path.read_bytes()]


class Killed(BaseException):
    """Nobody who catches errors catches this."""


@pytest.mark.parametrize("kind", ["replica", "cache"])
def test_what_a_kill_leaves_of_a_secret_goes_with_its_program(
    provider: LocalProvider, home: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    rename = Path.rename

    def kill(path: Path, target: Path) -> Path:
        if path.parent.name == "settings":
            raise Killed(path)
        return rename(path, target)

    wanted = replica(env={"STORE": SecretRef("store")}).resolved(lambda _: DATA) if kind == "replica" else cache()
    with monkeypatch.context() as killing:
        killing.setattr(Path, "rename", kill)
        with pytest.raises(Killed) as killed:
            provider.create(wanted)
    left: Path = killed.value.args[0]
    assert left.name.startswith("."), "the fresh file is there and has not its name yet"
    assert left.read_bytes()
    instance = made(provider, wanted)
    left.write_bytes(DATA)
    made(provider, volume())  # so that the folder stays
    provider.destroy(instance)
    assert list((home / "stacks" / instance.stack / "settings").iterdir()) == []


def _pid(port: str) -> int:
    """Of the process that was given this port."""
    for environ in Path("/proc").glob("[0-9]*/environ"):
        try:
            if f"PORT={port}".encode() in environ.read_bytes().split(b"\0") and environ.parent.name != str(os.getpid()):
                return int(environ.parent.name)
        except OSError:
            continue
    raise AssertionError(f"nothing was given the port {port}")
