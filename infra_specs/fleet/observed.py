"""The instances of a fleet's resources, as facts and managers tell them."""

from collections.abc import Iterator

from infra_specs.fleet import resources
from infra_specs.fleet.facts import EngineFacts, HostFacts
from infra_specs.fleet.membership import Member
from infra_specs.resources.instance import Health, Instance
from infra_specs.resources.resource import Resource


def host_instances(fleet: str, name: str, facts: HostFacts, moment: float, *, leaves: bool) -> Iterator[Instance]:
    """What is there of one host. Nothing of a host that does not bear the fleet's mark, but for its firewall.

    The engine and the upkeep of one that leaves are its own again.
    """
    if facts.firewall_record is not None and facts.firewall_record.fleet == fleet:
        yield _firewall(fleet, name, facts, moment)
    if facts.fleet != fleet:
        return
    yield _instance(resources.host(fleet, name), Health("healthy", "", moment))
    if leaves:
        return
    if facts.engine is not None:
        yield _instance(resources.engine(fleet, name), _engine_health(facts, facts.engine, moment))
    kept = {"upgrades": facts.has_upgrades, "time": facts.has_time}
    if any(kept.values()):
        yield _instance(resources.upkeep(fleet, name, kept), Health("healthy", "", moment))


def member_instance(fleet: str, member: Member, moment: float) -> Instance | None:
    """A host's place in the Swarm; None if it has none. One without an answer stands, and may come back."""
    if member.role is None:
        return None
    state = Health("healthy", "", moment) if member.answers else Health("unready", "does not answer", moment)
    return _instance(resources.member(fleet, member.host, member.role, resources.after("member", member.host)), state)


def _engine_health(facts: HostFacts, engine: EngineFacts, moment: float) -> Health:
    if not engine.answers:
        return Health("failed", "does not answer", moment)
    if not facts.may_use_engine:
        return Health("failed", f"{facts.user} may not use it", moment)
    return Health("healthy", "", moment)


def _firewall(fleet: str, name: str, facts: HostFacts, moment: float) -> Instance:
    """One whose rules are no longer in force as they were set is another than the recorded one."""
    record = facts.firewall_record
    assert record is not None
    holds = record.rules == facts.rules
    return Instance(
        fleet, resources.address("firewall", name), "firewall", record.fingerprint if holds else "", record.incarnation,
        Health("healthy", "", moment), record.digests if holds else {**record.digests, resources.RULES: facts.rules},
        after=resources.after("firewall", name),
    )  # fmt: skip


def _instance(resource: Resource, health: Health) -> Instance:
    return Instance(
        resource.stack, resource.address, resource.kind, resource.fingerprint, 1, health, resource.digests,
        after=resource.after,
    )  # fmt: skip
