"""What a stack wants now: its spec, and over it the counts and secrets that the ledger holds."""

from typing import Any

import pytest

from infra_specs.desired import DesiredStack, desired_from_spec
from infra_specs.errors import LedgerError, PlanError
from infra_specs.resources.resource import SecretRef, references
from infra_specs.stackfile.models.stack import Stack
from infra_specs.stackfile.reading.load import from_data
from tasks.ledger import Lease, Ledger
from tasks.stack.record import recorded_snapshot, recorded_spec, snapshot_of


def shop(**service: Any) -> Stack:
    web = {"command": "run", "replicas": {"min": 2, "max": 5}, **service}
    return from_data({"name": "shop", "target": {"provider": "memory"}, "services": {"web": web}}, "spec")


def want(ledger: Ledger, lease: Lease, stack: Stack) -> None:
    ledger.stacks.set_desired(lease, stack.name, stack.model_dump(mode="json", by_alias=True), "/srv")


def replicas(found: DesiredStack) -> int:
    return sum(resource.kind == "replica" for resource in found.resources)


def test_a_stack_that_was_never_heard_of_is_sized_by_its_spec(ledger: Ledger) -> None:
    desired = desired_from_spec(snapshot_of(ledger, shop(), "/srv"))
    assert (replicas(desired), desired.source) == (2, "/srv")
    assert ledger.stacks.all() == ()


def test_what_was_asked_for_counts_within_the_bounds_of_the_spec(ledger: Ledger, lease: Lease) -> None:
    want(ledger, lease, shop())
    ledger.stacks.override(lease, "web", 5, "by hand")
    assert replicas(desired_from_spec(snapshot_of(ledger, shop(), "/srv"))) == 5
    assert replicas(desired_from_spec(snapshot_of(ledger, shop(replicas={"min": 1, "max": 3}), "/srv"))) == 3
    assert replicas(desired_from_spec(snapshot_of(ledger, shop(), "/srv").with_replicas({"web": 4}))) == 4
    assert ledger.stacks.find("shop").override_counts == {"web": 5}  # type: ignore[union-attr]


def test_the_newest_version_of_a_secret_is_meant(ledger: Ledger) -> None:
    stack = shop(env={"KEY": {"secret": "stripe"}})
    with pytest.raises(PlanError, match="tenfold secret set shop stripe"):
        desired_from_spec(snapshot_of(ledger, stack, "/srv"))
    ledger.secrets.set("shop", "stripe", "one")
    ledger.secrets.set("shop", "stripe", "two")
    snapshot = snapshot_of(ledger, stack, "/srv")
    found = [ref for resource in desired_from_spec(snapshot).resources for ref in references(resource.settings)]
    assert set(found) == {SecretRef("stripe", 2)}


def test_a_spec_is_remembered_as_it_was_given(ledger: Ledger, lease: Lease) -> None:
    want(ledger, lease, shop(env={"A": "1"}))
    assert recorded_spec(ledger, "shop") == (shop(env={"A": "1"}), "/srv")
    assert recorded_snapshot(ledger, "shop").is_active
    ledger.stacks.mark_torn_down(lease)
    assert recorded_spec(ledger, "shop") == (shop(env={"A": "1"}), "/srv")
    assert not recorded_snapshot(ledger, "shop").is_active


def test_an_unknown_stack_is_told_with_the_known_ones(ledger: Ledger, lease: Lease) -> None:
    with pytest.raises(LedgerError, match="Known: none yet"):
        recorded_spec(ledger, "shpo")
    want(ledger, lease, shop())
    with pytest.raises(LedgerError, match=r"No stack is called `shpo`\. Known: shop\."):
        recorded_spec(ledger, "shpo")
