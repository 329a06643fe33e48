"""What a deploy and a rollback would run: decided from the ledger, changing nothing."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from infra_specs.errors import PlanError
from infra_specs.releases.change import built, changed
from infra_specs.releases.content import Content, placed
from infra_specs.releases.which import to_go_back_to
from infra_specs.stackfile.models.stack import Stack
from tasks.ledger import Ledger, Release
from tasks.stack.record import deployed, still_wanted, wish, with_newest_secrets


def runs(ledger: Ledger, stack: Stack, source: str) -> Content:
    """What a change starts from: what is deployed. Raises PlanError for a stack that is torn down."""
    if not still_wanted(ledger, stack.name):
        raise PlanError(f"{stack.name} is torn down. Bring it back first: tenfold provision {stack.name}")
    known = deployed(ledger, stack.name)
    return known.content if known else wish(ledger, stack, source).content


def to_deploy(
    ledger: Ledger,
    stack: Stack,
    source: str,
    service: str,
    *,
    settings: Mapping[str, Any],
    env: Mapping[str, Any],
    file: Stack | None = None,
) -> Content:
    """What runs, with other settings and variables of a service, and with secrets that were set since.

    `file` is the spec with the images that were built of it just now, if these are meant.
    Raises PlanError or SpecError for what cannot be meant or said.
    """
    now = runs(ledger, stack, source)
    if file:
        now = replace(now, services=built(now.services, file, service))
    services = placed(changed(stack, now, service, settings, env), source) if settings or env else now.services
    return with_newest_secrets(ledger, stack, source, services)


def to_roll_back_to(ledger: Ledger, stack: Stack, source: str, number: int) -> Release:
    """The release that is gone back to: `number`, or with 0 the last proven one that held something else.

    Raises PlanError for one that is not there, was never proven, or had secrets that are erased.
    """
    runs(ledger, stack, source)
    then = to_go_back_to(stack.name, ledger.releases(stack.name), number)
    kept = ledger.secret_kept(then.stack)
    if lost := [f"{name} v{one}" for name, one in then.content.secrets.items() if one not in kept.get(name, ())]:
        raise PlanError(
            f"{then} of {then.stack} was given secrets that were erased since: {', '.join(lost)}. Deploy what it held "
            "with the secrets of now instead."
        )
    return then
