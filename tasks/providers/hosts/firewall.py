"""A host's firewall, set so that a mistake locks nobody out: it undoes itself unless a second login succeeds."""

from infra_specs.errors import ProviderError
from infra_specs.fleet.firewall import (
    APPLY,
    FOLDER,
    INPUT_CHAIN,
    NEW,
    REMOVE,
    ROUTES,
    SERVICE,
    SUM,
    UNDO,
    UNIT,
    Firewall,
    rules,
    unsafe_uplinks,
)
from infra_specs.stackfile.models.hosts import Host
from tasks.ssh.connection import Connection
from tasks.ssh.connections import Connections

UNDO_SECONDS = 30
"""How long a firewall stands that nobody has logged in through."""
_UNDO = f"{UNIT}-undo"
_PUT_IN_FORCE = f"""
systemctl stop {_UNDO}.timer {_UNDO}.service 2>/dev/null; systemctl reset-failed {_UNDO}.service 2>/dev/null
undo={FOLDER}/firewall-undo
systemd-run --quiet --on-active=$seconds --timer-property=AccuracySec=1 --unit={_UNDO} /bin/sh $undo || {{
    code=$?
    /bin/sh $undo  # what a killed run may have left in force
    exit $code
}}
/bin/sh {FOLDER}/firewall-apply {NEW}
"""
_KEEP = f"""
holds() {{
    iptables -w 10 -C INPUT -j {INPUT_CHAIN} 2>/dev/null && [ -e {FOLDER}/firewall.v4{NEW} ] \\
        && [ -e {FOLDER}/firewall.v6{NEW} ]
}}
undone() {{ echo 'its rules were taken out of force meanwhile' >&2; exit 1; }}
set -e
holds || undone
systemctl stop {_UNDO}.timer {_UNDO}.service 2>/dev/null || true
holds || {{ /bin/sh {FOLDER}/firewall-undo; undone; }}
for family in 4 6; do mv -f {FOLDER}/firewall.v$family{NEW} {FOLDER}/firewall.v$family; done
systemctl daemon-reload
systemctl enable --quiet {UNIT}.service
systemctl restart {UNIT}.service
"""
_TAKE_AWAY = f"""
systemctl disable --quiet --now {UNIT}.service 2>/dev/null
systemctl stop {_UNDO}.timer {_UNDO}.service 2>/dev/null
/bin/sh {FOLDER}/firewall-remove
rm -f {FOLDER}/firewall* /etc/systemd/system/{UNIT}.service
systemctl daemon-reload
"""


def set_firewall(host: Host, firewall: Firewall, connections: Connections, undo_seconds: int = UNDO_SECONDS) -> None:
    """Set a host's firewall, now and at each start of the host and of its engine. So already: it is set again.

    Only our own chains are filled. Raises ProviderError if it cannot be set, or if nobody can log in through it: then
    the one before it is back after `undo_seconds`, or none, as if this process is killed before it knows.
    """
    connection = connections.to(host)
    _require_own_uplink(connection)
    _put(connection, firewall)
    _run(connection, f"seconds={undo_seconds}{_PUT_IN_FORCE}", "set")
    second = connections.another(host)
    try:
        second.run("true")
    except ProviderError as error:
        raise ProviderError(
            f"{host}: nobody can log in through the new firewall, so it undoes itself after {undo_seconds} s: {error}"
        ) from error
    finally:
        second.close()
    _run(connection, _KEEP, "kept")


def remove_firewall(host: Host, connections: Connections) -> None:
    """Take away all that `set_firewall` made. There is none: success."""
    _run(connections.to(host), _TAKE_AWAY, "taken away")


def _require_own_uplink(connection: Connection) -> None:
    """The rules let in all that comes from Docker's bridges, which they know by their names."""
    if names := unsafe_uplinks(connection.run(ROUTES).text):
        raise ProviderError(
            f"{connection.host}: its firewall cannot be set: the names docker* and br-* are those of Docker's bridges, "
            f"which it lets in, and the host reaches others by {', '.join(names)}. Rename that interface, as br0."
        )


def _put(connection: Connection, firewall: Firewall) -> None:
    _run(connection, f"mkdir -p {FOLDER}", "prepared")
    files = {
        f"{FOLDER}/firewall.v4{NEW}": rules(firewall, 4),
        f"{FOLDER}/firewall.v6{NEW}": rules(firewall, 6),
        f"{FOLDER}/firewall-apply": APPLY,
        f"{FOLDER}/firewall-remove": REMOVE,
        f"{FOLDER}/firewall-undo": UNDO,
        f"{FOLDER}/firewall-sum": SUM,
        f"/etc/systemd/system/{UNIT}.service": SERVICE,
    }
    for path, text in files.items():
        connection.put(path, text.encode(), root=True)


def _run(connection: Connection, script: str, what: str) -> None:
    result = connection.run(script, root=True)
    if result.code:
        raise ProviderError(f"{connection.host}: its firewall cannot be {what}: {result.failure_text}")
