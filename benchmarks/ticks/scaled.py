"""The scale runs of a day, as the ledger keeps them: one for each decision that changed something."""

import sqlite3
from pathlib import Path

from infra_specs.resources.address import Address
from infra_specs.scaling.decision import Decision
from tasks.ledger import Key, Ledger, Owner

SETTINGS = {
    "service": "web", "slot": 3, "command": ["python", "app.py"], "image": None, "folder": "/srv/app", "serves": True,
    "env": {"DATABASE_URL": "{database/main url}", "TENFOLD_SERVICE": "web", "TENFOLD_REPLICA": "web-3"},
    "health": "/healthz",
}  # fmt: skip
"""What the plan of a run says of one replica."""


def scale_runs(ledger: Ledger, file: Path, key: Key) -> int:
    """Write them down, at the time of their decisions. Returns how many there are."""
    changed = [record.decision for record in ledger.decisions.recent(*key, 10_000) if record.decision.changes]
    ran = {_ran(ledger, key[0], decision): decision.at for decision in reversed(changed)}
    with sqlite3.connect(file) as connection:  # the ledger's own clock is of now, and the day is another
        for run, at in ran.items():
            connection.execute("UPDATE runs SET began = ?, ended = ? WHERE id = ?", (at + 3, at + 9, run))
            connection.execute("UPDATE changes SET began = ? WHERE run = ?", (at + 3, run))
    return len(ran)


def _ran(ledger: Ledger, stack: str, decision: Decision) -> str:
    slots = range(*sorted((decision.before, decision.replicas)))
    action = "create" if decision.replicas > decision.before else "destroy"
    addresses = [*((action, Address("replica", "web", slot)) for slot in slots), ("update", Address("route", "web"))]
    made = [
        {"action": action, "address": str(address), "reason": decision.reason, "text": f"{action} {address}"}
        for action, address in addresses
    ]
    lease = ledger.locks.acquire(stack, Owner.here("scale", f"run-{decision.at}"), 60)
    plan = {
        "stack": stack,
        "waves": [[{**change, "settings": SETTINGS} for change in made]],
        "kept": [],
        "unchanged": 5,
    }
    run = ledger.runs.begin(lease, "scale", decision.reason, plan)
    for change in made:
        ledger.runs.outcome(lease, ledger.runs.intend(lease, run, change), "done", "", 1.5)
    ledger.runs.finish(lease, run, "done", f"{len(made)} changes")
    ledger.locks.release(lease)
    return run
