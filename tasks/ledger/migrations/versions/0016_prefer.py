"""How a service is scaled: `prefer` in place of `caution`, in the specs of all stacks.

A caution below 2 becomes cheap, one above 2.5 quick, and the rest balanced. The default of `utilisation` was 0.75, which
every spec has that named none, and is 0.7 now. What the scaler remembers of earlier versions, it learns anew.
"""

import json
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"

CHEAP_BELOW, QUICK_ABOVE = 2.0, 2.5
OLD_DEFAULT, NEW_DEFAULT = 0.75, 0.7


def upgrade() -> None:
    stacks = sa.table("stacks", sa.column("name"), sa.column("spec"))  # as text: one that is broken is left as it is
    typed = sa.table("stacks", sa.column("name"), sa.column("spec", sa.JSON()))
    connection = op.get_bind()
    for name, spec in connection.execute(sa.select(stacks.c.name, stacks.c.spec)).all():
        if (changed := _migrated(spec)) is not None:
            connection.execute(sa.update(typed).where(typed.c.name == name).values(spec=changed))


def _migrated(spec: Any) -> dict[str, Any] | None:
    """The spec with `prefer`; None where nothing is to change, or it cannot be read."""
    try:
        data = json.loads(spec) if isinstance(spec, str) else spec
        scalings = [service["scaling"] for service in data["services"].values() if service.get("scaling")]
        changed = [_migrate(scaling) for scaling in scalings]
        return data if any(changed) else None
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def _migrate(scaling: dict[str, Any]) -> bool:
    """Whether it changed."""
    if "caution" not in scaling:
        return False
    caution = float(scaling.pop("caution"))
    scaling["prefer"] = "cheap" if caution < CHEAP_BELOW else "quick" if caution > QUICK_ABOVE else "balanced"
    if scaling.get("utilisation") == OLD_DEFAULT:
        scaling["utilisation"] = NEW_DEFAULT
    return True
