"""A host's firewall, set so that a mistake locks nobody out: it undoes itself unless a second login succeeds."""

from infra_specs.errors import ProviderError
from infra_specs.fleet.firewall import APPLY, FOLDER, REMOVE, SERVICE, UNIT, Firewall, rules
from infra_specs.stackfile.models.hosts import Host
from tasks.ssh.connection import Connection
from tasks.ssh.connections import Connections

UNDO_SECONDS = 30
"""How long a firewall stands that nobody has logged in through."""
_UNDO = f"{UNIT}-undo"
_PUT_IN_FORCE = """
systemctl stop {undo}.timer {undo}.service 2>/dev/null; systemctl reset-failed {undo}.service 2>/dev/null
systemd-run --quiet --on-active={seconds} --timer-property=AccuracySec=1 --unit={undo} /bin/sh {folder}/firewall-remove
/bin/sh {folder}/firewall-apply
"""
_KEEP = """
set -e
systemctl stop {undo}.timer
[ "$(iptables -w 10 -S INPUT 1 2>/dev/null)" = '-A INPUT -j TENFOLD-INPUT' ]
systemctl daemon-reload
systemctl enable --quiet {unit}.service
systemctl start {unit}.service
"""
_TAKE_AWAY = """
systemctl disable --quiet --now {unit}.service 2>/dev/null
systemctl stop {undo}.timer 2>/dev/null
/bin/sh {folder}/firewall-remove
rm -f {folder}/firewall* /etc/systemd/system/{unit}.service
systemctl daemon-reload
"""


def set_firewall(host: Host, firewall: Firewall, connections: Connections, undo_seconds: int = UNDO_SECONDS) -> None:
    """Set a host's firewall, now and at each start of the host and of its engine. So already: it is set again.

    Only our own chains are filled. Raises ProviderError if it cannot be set, or if nobody can log in through it: then
    it undoes itself after `undo_seconds`, as it does if this process is killed before it knows.
    """
    connection = connections.to(host)
    _put(connection, firewall)
    _run(connection, _PUT_IN_FORCE.format(undo=_UNDO, seconds=undo_seconds, folder=FOLDER), "set")
    second = connections.another(host)
    try:
        second.run("true")
    except ProviderError as error:
        raise ProviderError(
            f"{host}: nobody can log in through the new firewall, so it undoes itself after {undo_seconds} s: {error}"
        ) from error
    finally:
        second.close()
    _run(connection, _KEEP.format(undo=_UNDO, unit=UNIT), "kept")


def remove_firewall(host: Host, connections: Connections) -> None:
    """Take away all that `set_firewall` made. There is none: success."""
    _run(connections.to(host), _TAKE_AWAY.format(undo=_UNDO, unit=UNIT, folder=FOLDER), "taken away")


def _put(connection: Connection, firewall: Firewall) -> None:
    _run(connection, f"mkdir -p {FOLDER}", "prepared")
    files = {
        f"{FOLDER}/firewall.v4": rules(firewall, 4),
        f"{FOLDER}/firewall.v6": rules(firewall, 6),
        f"{FOLDER}/firewall-apply": APPLY,
        f"{FOLDER}/firewall-remove": REMOVE,
        f"/etc/systemd/system/{UNIT}.service": SERVICE,
    }
    for path, text in files.items():
        connection.put(path, text.encode(), root=True)


def _run(connection: Connection, script: str, what: str) -> None:
    result = connection.run(script, root=True)
    if result.code:
        raise ProviderError(f"{connection.host}: its firewall cannot be {what}: {result.failure_text}")
