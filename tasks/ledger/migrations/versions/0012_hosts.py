"""Which stack answers for which host at which port of a machine, and the ports that fronts have.

What stacks that are up have claimed so far is read from their specs: a host that two name is the first one's.
"""

import json
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    hosts = op.create_table(
        "hosts",
        sa.Column("machine", sa.String(), nullable=False),
        sa.Column("port", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("host", sa.String(), nullable=False),
        sa.Column("stack", sa.String(), nullable=False),
        sa.Column("protocol", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("machine", "port", "host", name=op.f("pk_hosts")),
    )
    op.create_table(
        "front_ports",
        sa.Column("machine", sa.String(), nullable=False),
        sa.Column("port", sa.Integer(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("machine", "port", name=op.f("pk_front_ports")),
    )
    stacks = sa.table("stacks", sa.column("name"), sa.column("spec"), sa.column("wanted"))
    rows = op.get_bind().execute(sa.select(stacks.c.name, stacks.c.spec).where(stacks.c.wanted.is_(sa.true())))
    claims: dict[tuple[str, int, str], dict[str, Any]] = {}
    for name, spec in sorted(rows):
        for claim in _claims(spec):
            claims.setdefault((claim["machine"], claim["port"], claim["host"]), {**claim, "stack": name})
    if claims:
        op.bulk_insert(hosts, list(claims.values()))


def _claims(spec: Any) -> Iterator[dict[str, Any]]:
    """The claims of a spec of that time; none of one that cannot be read."""
    try:
        data = json.loads(spec) if isinstance(spec, str) else spec
        target, tls = data["target"], data.get("tls") or {}
        if target["provider"] not in ("local", "docker", "memory"):
            return
        services = [service for service in data["services"].values() if service["public"] and service.get("port")]
        machine = f"{target['provider']} {target.get('host') or ''}".strip()
        public = target.get("public_port") or (443 if tls.get("email") else None)
        plain = tls.get("redirect") or (80 if tls.get("email") else None)
        for port, protocol in ((public, "https" if tls else "http"), (plain, "http")):
            for host in sorted({service["route"]["host"] for service in services}):
                if port:
                    yield {"machine": machine, "port": port, "host": host, "protocol": protocol}
    except (ValueError, KeyError, TypeError, AttributeError):
        return
