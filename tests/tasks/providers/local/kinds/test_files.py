"""The files of a volume: what its users may read is served, and nothing else of it or around it."""

import os
import signal
from dataclasses import replace
from pathlib import Path

import pytest

from infra_specs.errors import ProviderError
from tasks.providers.local import LocalProvider
from tasks.providers.local.accounts import stack_accounts
from tasks.providers.local.files import give
from tasks.providers.local.ports import is_free
from tests.support.waiting import wait_healthy, wait_until
from tests.tasks.providers.local.world import made, pid, proxy, stack, volume
from tests.tasks.providers.served_files import asked, assert_as_promised, files_route, files_server, fill

pytestmark = [pytest.mark.local, pytest.mark.proof]


def test_files_are_served_as_promised_and_after_a_kill_and_at_another_path(provider: LocalProvider, home: Path) -> None:
    store = made(provider, volume())
    folder = Path(store.outputs["path"])
    fill(folder)
    if account := stack_accounts.find(home, stack):
        give(folder, (account.uid, account.gid))
    door = f"127.0.0.1:{made(provider, proxy()).outputs['port']}"
    server = made(provider, files_server(stack, str(folder)))
    route = made(provider, files_route(server))
    assert route.outputs["url"] == f"http://{door}/media"
    assert_as_promised(door, server.outputs["endpoint"])

    before = pid(home, server)
    os.kill(before, signal.SIGKILL)
    assert pid(home, server, after=before) != before
    wait_healthy(provider, server)
    wait_until(lambda: asked(door, "/media/notes.txt").status == 200, "it serves again")

    elsewhere = files_route(server, "/uploads/of our users".replace(" ", "%20"))
    provider.update(route, elsewhere)
    assert asked(door, "/uploads/of%20our%20users/a/b.png").body == b"picture"
    assert asked(door, "/media/a/b.png").status == 404
    provider.update(route, files_route(server, "/"))
    assert asked(door, "/a/b.png").body == b"picture"
    long = f"/{'long' * 30}"
    provider.update(route, files_route(server, long))
    assert asked(door, f"{long}/a/b.png").body == b"picture"

    second = made(provider, files_server(stack, str(folder), memory=2**27))
    assert (second.incarnation, second.outputs != server.outputs) == (2, True), "it stands beside its predecessor"
    provider.update(route, replace(files_route(second), bindings={}))
    provider.destroy(server)
    assert asked(door, "/media/a/b.png").body == b"picture"
    provider.destroy(second)
    assert is_free(int(second.outputs["endpoint"].rpartition(":")[2]))
    assert not [path.name for path in (home / "stacks" / stack / "settings").iterdir() if "files" in path.name]
    assert (folder / "notes.txt").is_file(), "its files are the volume's"


def test_it_serves_no_volume_that_is_not_there(provider: LocalProvider, tmp_path: Path) -> None:
    with pytest.raises(ProviderError, match=r"files/web: its volume .*nowhere is not there: make the volume first"):
        provider.create(files_server(stack, str(tmp_path / "nowhere")))
