"""The one diff: from what is wanted and what is there to what is to be done.

What is ending already is gone for a plan: a successor is made, and its end is waited for as a destruction is.
For each wanted address, in this order:
1. a live instance with the wanted fingerprint is kept (waited for while it starts), and follows what it refers to;
   what becomes of copies that are not ready says `unready`;
2. data is never replaced: an instance that is marked durable is updated in place where its kind can, or left and said;
3. a live instance with another fingerprint is updated in place if all that differs is mutable (of several the newest
   such), or else replaced;
4. of failed instances the newest is kept for its log beside its successor, for an hour; the older ones go;
5. nothing there: create.
What is not wanted is destroyed; data only with `delete_data`, or where it is put away first (`shelves`). An address
that rests is left alone, and nothing is made that needs it, unless a healthy instance serves there.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence

from infra_specs.plan.draft import Draft
from infra_specs.plan.order import replacement_order
from infra_specs.plan.plan import Change, Plan, Skipped
from infra_specs.plan.resting import hold_back, leave
from infra_specs.plan.unready import stand
from infra_specs.plan.waves import in_waves
from infra_specs.resources.history import is_over
from infra_specs.resources.instance import Instance
from infra_specs.resources.resource import Ref, Resource, references
from infra_specs.resources.services import REPLICA, desired_copies, service_of


def make_plan(
    stack: str,
    desired: Iterable[Resource],
    observed: Iterable[Instance],
    *,
    delete_data: bool = False,
    shelves: bool = False,
    moment: float | None = None,
    resting: Collection[str] = (),
) -> Plan:
    """The changes that turn `observed` into `desired`; empty when they agree. Equal inputs give equal plans.

    `shelves`: data that is not wanted is destroyed too, for whoever applies the plan keeps it elsewhere.
    `moment`: when they were observed, in seconds since the epoch; by None nothing has lasted for any time. `resting`:
    addresses that are left as they are, as their changes failed.
    """
    resources = tuple(desired)
    by_address: dict[str, list[Instance]] = {}
    for instance in sorted(observed, key=lambda item: (item.address, item.incarnation)):
        by_address.setdefault(instance.address, []).append(instance)
    draft = Draft({resource.address: resource for resource in resources}, _standing(resources, by_address), moment)
    for address in sorted(resting):
        if address in draft.desired or address in by_address:
            leave(address, by_address.get(address, []), draft, "a change of it failed, and is tried again later")
    for resource in resources:
        if resource.address not in resting:
            _decide(resource, by_address.get(resource.address, []), draft)
    hold_back(resting, by_address, draft)
    for address, instances in by_address.items():
        if address not in draft.desired and address not in resting:
            for instance in instances:
                _remove(instance, draft, delete_data, shelves)
    _follow_references(draft)
    waves, unchanged = in_waves(draft.changes, resources), len(draft.settled)
    return Plan(stack, waves, tuple(draft.skipped), unchanged, {**draft.staying(), **draft.sources})


def _decide(resource: Resource, instances: list[Instance], draft: Draft) -> None:
    for instance in instances:
        if instance.ending:
            draft.end(instance)
    instances = [instance for instance in instances if not instance.ending]
    live = [instance for instance in instances if instance.live]
    failed = [instance for instance in instances if instance.failed]
    matching = [instance for instance in live if instance.fingerprint == resource.fingerprint]
    staying: Instance | None = None
    if matching:
        staying = _keep_ready(matching, failed, resource, draft)
    elif instances and (resource.stateful or any(instance.stateful for instance in instances)):
        _decide_stateful(live[-1] if live else failed[-1], resource, draft)
        return
    elif live:
        mutable = set(resource.mutable)
        updatable = [instance for instance in live if set(_differing_settings(instance, resource)) <= mutable]
        staying = _update_or_replace((updatable or live)[-1], resource, draft)
    else:
        draft.add(Change("create", resource.address, failed[-1].health.reason if failed else "missing", resource))
    reason = _replacement_reason(resource) if staying is None else "one too many"
    for instance in live:
        if instance is not staying and instance not in matching:
            draft.destroy(instance, reason)
        if staying is not None and instance.stateful and instance.incarnation > staying.incarnation:
            draft.sources[resource.address] = instance
    for instance in failed[:-1]:
        draft.destroy(instance, "an older sick instance")
    for instance in failed[-1:]:
        _keep_for_its_log(instance, instances, draft)


def _keep_for_its_log(failed: Instance, instances: list[Instance], draft: Draft) -> None:
    if draft.moment is not None and is_over(failed, instances, draft.moment):
        draft.destroy(failed, "its log was kept for an hour")
    else:
        draft.skipped.append(Skipped(str(failed), f"sick, kept for its log: {failed.health.reason}"))


def _keep_ready(matching: list[Instance], failed: list[Instance], resource: Resource, draft: Draft) -> Instance | None:
    """Keep of what is as wanted what stays, and make a successor where one is due; returns what stays."""
    service = service_of(resource.address) if resource.kind == REPLICA else None
    room = resource.patience.most_copies - draft.copies[service] if resource.patience and service else 0
    standing = stand(matching, failed, resource, room=room, moment=draft.moment or 0.0)
    if standing.successor:
        draft.add(Change("create", resource.address, standing.successor, resource))
        if service and standing.staying:
            draft.copies[service] += 1
    elif standing.staying:
        _keep(standing.staying, resource, draft)
    for instance, reason in standing.going:
        draft.destroy(instance, reason if standing.staying else _replacement_reason(resource))
    for instance, reason in standing.left:
        draft.skip(Skipped(str(instance), reason))
    return standing.staying


def _standing(resources: Sequence[Resource], by_address: Mapping[str, Sequence[Instance]]) -> dict[str, int]:
    """Service -> how many copies of it stand, or shall; whichever is more."""
    copies = desired_copies(resources)
    live = Counter(service_of(address) for address, instances in by_address.items() for copy in instances if copy.live)
    return {service: max(copies.get(service, 0), live[service]) for service in (*copies, *live) if service}


def _keep(instance: Instance, resource: Resource, draft: Draft) -> None:
    if instance.health.state == "starting":
        draft.add(Change("wait", resource.address, f"starting: {instance.health.reason}", resource, instance))
    else:
        draft.settled[resource.address] = instance


def _decide_stateful(instance: Instance, resource: Resource, draft: Draft) -> None:
    changed = _differing_settings(instance, resource)
    if not instance.failed and set(changed) <= set(resource.mutable):
        draft.add(Change("update", resource.address, _change_reason(changed), resource, instance))
        return
    why = instance.health.reason if instance.failed else _change_reason(changed)
    draft.skipped.append(Skipped(resource.address, f"{why}, but data lives in it: never replaced by a plan"))


def _update_or_replace(instance: Instance, resource: Resource, draft: Draft) -> Instance | None:
    """Update in place and return the instance, or replace it and return None."""
    changed = _differing_settings(instance, resource)
    if set(changed) <= set(resource.mutable):
        draft.add(Change("update", resource.address, _change_reason(changed), resource, instance))
        return instance
    draft.add(Change("create", resource.address, _change_reason(changed), resource, instance))
    return None


def _remove(instance: Instance, draft: Draft, delete_data: bool, shelves: bool) -> None:
    if instance.stateful and shelves and not delete_data:
        draft.add(Change("destroy", instance.address, "not wanted, its data is put away", instance=instance))
    elif instance.ending and not delete_data:
        draft.end(instance)
    elif instance.stateful and not delete_data:
        draft.skipped.append(Skipped(str(instance), "data, kept"))
    else:
        draft.add(Change("destroy", instance.address, _removal_reason(instance), instance=instance))


def _removal_reason(instance: Instance) -> str:
    if instance.stateful:
        return "not wanted, its data deleted"
    over = instance.kind == "job" and instance.health.state in ("healthy", "failed")
    return f"over: {instance.health.reason}" if over else "not wanted"


def _follow_references(draft: Draft) -> None:
    """Change what refers to something that moves or has moved, and what refers to that, to the end.

    What will move in this plan is followed where that can be done in place; what can only be replaced is judged by
    the values that are known now, and so waits for the next look if it turns out that the new value differs.
    """
    while True:
        staying = draft.staying()
        instances = {**staying, **draft.sources}
        followed = [address for address in staying if _follow_references_of(address, instances, draft)]
        if not followed:
            return


def _follow_references_of(address: str, instances: Mapping[str, Instance], draft: Draft) -> bool:
    resource, instance = draft.desired[address], draft.staying()[address]
    reasons: dict[str, str] = {}
    for name, setting in resource.settings.items():
        for ref in references(setting):
            if isinstance(ref, Ref) and (
                cause := _reason_to_follow(ref, instance, instances, draft, name in resource.mutable)
            ):
                reasons.setdefault(name, cause)
    if not reasons:
        return False
    reason = next(iter(reasons.values()))
    in_place = set(reasons) <= set(resource.mutable)
    if not in_place and (resource.stateful or instance.stateful):
        draft.skip(Skipped(address, f"{reason}, but data lives in it: never replaced by a plan"))
        return False
    draft.unsettle(address)
    if in_place:
        draft.add(Change("update", address, reason, resource, instance))
    else:
        draft.add(Change("create", address, reason, resource, instance))
        draft.add(Change("destroy", address, _replacement_reason(resource), instance=instance))
    return True


def _reason_to_follow(
    ref: Ref, instance: Instance, instances: Mapping[str, Instance], draft: Draft, in_place: bool
) -> str | None:
    if ref.address in draft.moving:
        return f"follows {ref.address}" if in_place else None
    source = instances.get(ref.address)
    if source is None:
        return None
    value = source.outputs.get(ref.output)
    bound = instance.bindings.get(str(ref))
    return None if value is None or value == bound else f"{ref} moved from {bound} to {value}"


def _replacement_reason(successor: Resource) -> str:
    which, why = replacement_order(successor)
    return "replaced" if which == "start_first" else f"replaced, {why}"


def _differing_settings(instance: Instance, resource: Resource) -> tuple[str, ...]:
    names = dict.fromkeys((*resource.digests, *instance.digests))
    return tuple(name for name in names if resource.digests.get(name) != instance.digests.get(name))


def _change_reason(names: tuple[str, ...]) -> str:
    return f"{', '.join(names) or 'kind'} changed"
