"""A whole life on the local target with forty odd secrets: a crash and a command that tell everything, a teardown."""

import logging
import shlex
import stat
from pathlib import Path

import pytest

from flows.deploy import deploy
from flows.provision import provision
from flows.run import run
from flows.teardown import teardown
from tasks.base.settings import settings
from tasks.ledger import Ledger
from tasks.providers.local import LocalProvider
from tasks.supervisor.client import Supervisor
from tests.flows.going import done, failed
from tests.flows.odd_secrets import command_lines, files_below, forty, told
from tests.flows.test_docker_secrets import prefects_database
from tests.flows.test_local_release import home
from tests.flows.test_secrets import everything_told
from tests.tasks.providers.local.world import app

pytestmark = [pytest.mark.local, pytest.mark.prefect, pytest.mark.usefixtures("prefect_server"), pytest.mark.proof]
__all__ = ["home"]  # a fixture
STACK = "searched"
printer = app.with_name("print_secrets.py")
tells_all = shlex.join(["python3", "-S", str(printer)])


async def test_forty_secrets_are_told_nowhere(home: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    values = forty()
    assert len(values) == 40
    with Ledger.open(settings()) as ledger:
        for name, value in values.items():
            ledger.secrets.set(STACK, name, value)
    env = {name.upper(): {"secret": name} for name in values}
    web = {"command": ["python3", "-S", str(app)], "port": 80, "replicas": 1, "env": env}
    spec = {"name": STACK, "target": {"provider": "local"}, "services": {"web": web}, "needs": {"cache": "valkey"}}
    await done(provision, spec=spec, source="/")
    crashed = await failed(deploy, stack=STACK, command=tells_all)
    assert "The last lines of its log" in crashed
    ended = await failed(run, stack=STACK, service="web", command=tells_all)
    assert "[secret s" in ended
    with Ledger.open(settings()) as ledger:
        values["cache"] = ledger.secrets.value(STACK, "cache-password", 1)

    leaks = told(files_below(home), values)
    assert leaks, "a restart needs what its supervisor keeps"
    for path in {path for path, _ in leaks}:
        assert is_allowed(Path(path), home), f"{path} tells a secret"
        assert stat.S_IMODE(Path(path).stat().st_mode) & 0o077 == 0, path
    assert told({"processes": command_lines()}, values) == []
    supervisor = Supervisor.start(home / "stacks" / STACK / "supervisor")
    for pid in (supervisor.pid(), *(status.pid for status in supervisor.list() if status.pid)):
        assert "Max core file size        0 " in Path(f"/proc/{pid}/limits").read_text(), "nothing dumps its memory"

    await done(teardown, stack=STACK, delete_data=True)
    places = {
        **files_below(home),
        **await everything_told(),
        "prefect's database": prefects_database(),
        "log": caplog.text.encode(),
        "messages": (crashed + ended).encode(),
        "processes": command_lines(),
    }
    assert len(places["prefect's database"]) > 10_000, "there is something to look at"
    assert b"[secret " in places["logs"]
    assert told(places, values) == []
    assert LocalProvider(home).observe(STACK) == ()


def is_allowed(path: Path, home: Path) -> bool:
    """What docs/security.md names: what a supervisor starts its programs from, and what they wrote or were given."""
    parts = path.relative_to(home / "stacks" / STACK).parts
    return parts[0] in ("supervisor", "settings")
