"""Who may read the credentials, who may connect, and what a replica gets to see."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tasks.providers.local import LocalProvider
from tasks.providers.local.accounts import stack_accounts
from tests.support.waiting import wait_until
from tests.tasks.providers.local.world import (
    cache,
    database,
    get,
    listening,
    made,
    pid,
    proxy,
    replica,
    route,
    stack,
    volume,
)

pytestmark = pytest.mark.local

secret = "Xq7-never-seen"

_spy = """
import os, sys
os.setgroups([]); os.setgid(65534); os.setuid(int(sys.argv[1]))
found = []
def look(path):
    try:
        with open(path, "rb") as file:
            if sys.argv[2].encode() in file.read():
                found.append(path)
    except OSError:
        pass
for folder, _, files in os.walk(sys.argv[3]):
    for name in files:
        look(os.path.join(folder, name))
for pid in os.listdir("/proc"):
    if pid.isdigit() and int(pid) != os.getpid() and pid not in sys.argv[4:]:
        for name in ("environ", "cmdline"):
            look(f"/proc/{pid}/{name}")
print("\\n".join(found))
"""


def test_no_other_account_can_read_a_credential(provider: LocalProvider, home: Path) -> None:
    store = made(provider, volume())
    server = made(provider, database(store.outputs["path"], secret))
    made(provider, cache(secret))
    worker = made(provider, replica(env={"DATABASE_URL": f"postgresql://app:{secret}@x/app"}))

    kept = [path for path in home.rglob("*") if path.is_file() and secret in path.read_text(errors="replace")]
    assert kept, "a restart needs it"
    assert all(path.stat().st_mode & 0o077 == 0 for path in kept), kept
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            line = (folder / "cmdline").read_bytes()
        except OSError:
            continue
        assert secret.encode() not in line
    logs = [provider.logs(each, 1000) for each in provider.observe(stack)]
    assert not any(secret in log for log in logs)
    assert not any(secret in repr(each) for each in provider.observe(stack))
    database_environment = f"/proc/{pid(home, server)}/environ"
    assert os.geteuid() == 0 or secret.encode() not in Path(database_environment).read_bytes()

    if os.geteuid() == 0:
        account = stack_accounts.find(home, stack)
        assert account is not None
        assert {Path(f"/proc/{pid(home, each)}").owner() for each in (server, worker)} == {account.name}
        interpreter = "/usr/bin/python3" if Path("/usr/bin/python3").exists() else sys.executable
        spied = subprocess.run(
            [interpreter, "-I", "-c", _spy, "65533", secret, str(home)], capture_output=True, text=True, check=True
        )
        assert spied.stdout.strip() == ""
    assert pid(home, worker)


def test_nothing_of_the_operators_environment_reaches_a_replica(
    provider: LocalProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", secret)
    monkeypatch.setenv("PYTHONPATH", "/nowhere")
    one = made(provider, replica(env={"MINE": "yes"}))
    port = one.outputs["endpoint"].rpartition(":")[2]
    seen = json.loads(get(port, "/env")[1])
    seen.pop("LC_CTYPE", None)  # Python's own
    assert set(seen) == {"PATH", "HOME", "USER", "LOGNAME", "LANG", "TZ", "PORT", "TENFOLD_OWNER", "MINE"}
    assert (seen["PORT"], seen["MINE"]) == (port, "yes")
    assert seen["PATH"].split(":")[0] == str(Path(sys.executable).parent)


def test_nothing_listens_beyond_loopback_unless_public(provider: LocalProvider, home: Path) -> None:
    store = made(provider, volume())
    instances = [
        made(provider, database(store.outputs["path"])),
        made(provider, cache()),
        made(provider, proxy()),
        made(provider, replica()),
    ]
    served = listening()
    addresses = [address for each in instances for address, _ in served[pid(home, each)]]
    assert len(addresses) == 4
    assert set(addresses) == {"0100007F"}


def test_only_public_routes_are_served_beyond_loopback(provider: LocalProvider, home: Path) -> None:
    door = made(provider, proxy())
    inner, outer = made(provider, replica(0, "inner")), made(provider, replica(0, "outer"))
    made(provider, route(inner, service="inner", path="/inner"))
    way = made(provider, route(outer, service="outer", path="/outer"))
    door = provider.update(door, proxy(public=True))
    way = provider.update(way, route(outer, service="outer", path="/outer", public=True))
    public = door.outputs["public_url"].rpartition(":")[2]
    assert way.outputs["url"] == door.outputs["public_url"] + "/outer"

    def status(path: str) -> int:
        try:
            return get(public, path)[0]
        except OSError:
            return 0

    wait_until(lambda: status("/outer") == 200, "it is served in public")
    assert status("/inner") == 404
    assert get(door.outputs["port"], "/inner")[0] == 200
    assert ("00000000", int(public)) in listening()[pid(home, door)]
    door = provider.update(door, proxy())
    wait_until(lambda: status("/outer") == 0, "it is closed again")
    assert door.outputs["public_url"] == ""
    assert get(door.outputs["port"], "/outer")[0] == 200
