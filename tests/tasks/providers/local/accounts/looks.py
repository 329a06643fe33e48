"""What the tests of a stack's account make and look at: one of every kind, whose it is, and what it can read."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from infra_specs.resources.instance import Instance
from infra_specs.resources.resource import Resource
from tasks.providers.local import LocalProvider
from tasks.providers.local.accounts import stack_accounts
from tests.support.waiting import wait_healthy
from tests.tasks.providers.local.world import (
    cache,
    database,
    made,
    pid,
    proxy,
    replica,
    route,
    volume,
)

WITH_ACCOUNTS = pytest.mark.skipif(
    not stack_accounts.are_possible(), reason="stacks have accounts only for root, and with useradd"
)


def whole(provider: LocalProvider, name: str) -> dict[str, Instance]:
    store = made(provider, volume(name))
    data = made(provider, replace(volume(name), address="volume/web.data"))
    web = replica(stack=name, env={"NAME": "web", "WEB_DATA_DIRECTORY": data.outputs["path"]})
    wanted = [database(store.outputs["path"], stack=name), cache(stack=name), proxy(stack=name), web, job(name)]
    instances = {resource.address: provider.create(resource) for resource in wanted}
    for address, instance in instances.items():
        if address != "job/task":
            wait_healthy(provider, instance)
    made(provider, route(instances["replica/web-0"], stack=name))
    return instances | {"volume/database": store, "volume/web.data": data}


def job(name: str, *command: str) -> Resource:
    settings = {**replica(stack=name).settings, "command": list(command) or ["sleep", "1000"], "port": None}
    return Resource(name, "job/task", "job", settings)


def owners(home: Path, instance: Instance) -> set[int]:
    """The accounts of its process and of every child of that."""
    try:
        status = Path(f"/proc/{pid(home, instance)}/status").read_text()
    except FileNotFoundError:  # it ended this moment
        return set()
    line = next(line for line in status.splitlines() if line.startswith("Uid:"))
    return {int(number) for number in line.split()[1:]}


_LOOK = """
import os, sys
for path in open(sys.argv[1]).read().splitlines():
    try:
        os.listdir(path) if os.path.isdir(path) else open(path, "rb").close()
        print(path)
    except OSError:
        pass
"""


def readable(
    provider: LocalProvider, instance: Instance, capfd: pytest.CaptureFixture[str], open_folder: Path, paths: set[Path]
) -> set[Path]:
    """Which of these files and folders a program of this instance can read."""
    (open_folder / "paths").write_text("\n".join(map(str, paths)))
    capfd.readouterr()
    command = [sys.executable, "-I", "-S", "-c", _LOOK, str(open_folder / "paths")]
    assert provider.shell.execute(instance, command, terminal=False) == 0
    return set(map(Path, capfd.readouterr().out.splitlines()))
