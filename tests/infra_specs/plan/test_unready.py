"""Copies that are not ready: who gets a successor, who goes, and who is left alone. Each row is one decision."""

from dataclasses import replace
from typing import Any

import pytest

from infra_specs.plan.make_plan import make_plan
from infra_specs.plan.plan import Plan
from infra_specs.resources.instance import Health, Instance, State
from infra_specs.resources.patience import Patience
from infra_specs.resources.resource import Ref, Resource

pytestmark = pytest.mark.pure

NOW = 1000.0
web = Resource("shop", "replica/web-0", "replica", {"service": "web"}, patience=Patience(most_copies=2))
alone = replace(web, patience=Patience(most_copies=1))
holds_a_volume = replace(web, singleton=True)
hasty = replace(web, patience=Patience(restart_seconds=60.0, most_copies=2))


def copy(state: State, since: float = 0.0, *, incarnation: int = 1, in_flight: int = 0, at: str = "") -> Instance:
    """A copy that has been in this state for so many seconds."""
    address = at or web.address
    return Instance(
        "shop", address, "replica", web.fingerprint, incarnation, Health(state, "why", NOW - since),
        digests=web.digests, in_flight=in_flight, outputs={"endpoint": f"10.0.0.{incarnation}:80"},
    )  # fmt: skip


first, second = {"incarnation": 1}, {"incarnation": 2}
busy = "! replica/web-0 (not ready: its process runs, and it may be busy)"
serves_yet = "! replica/web-0 (not ready, and serves until its successor does)"
one_more = "+ replica/web-0 (not ready for {} s: one more beside web-0)"
restarted = "has not answered for 300 s (restart_after)"


@pytest.mark.parametrize(
    ("wanted", "observed", "changes", "left"),
    [
        pytest.param(web, [copy("healthy")], [], [], id="ready"),
        pytest.param(web, [copy("unready", 29)], [], [busy], id="not ready for a moment"),
        pytest.param(web, [copy("unready", 30)], [one_more.format(30)], [serves_yet], id="not ready for 30 s"),
        pytest.param(alone, [copy("unready", 200)], [], [busy], id="there is room for one only"),
        pytest.param(holds_a_volume, [copy("unready", 200)], [], [busy], id="two must not write to one volume"),
        pytest.param(
            web,
            [copy("unready", 200), copy("failed", 100, **second)],
            [],
            [busy, "! replica/web-0#2 (sick, kept for its log: why)"],
            id="its successor failed, and it gets one only",
        ),
        pytest.param(
            web,
            [copy("failed", 900), copy("unready", 31, **second)],
            ["+ replica/web-0 (not ready for 31 s: one more beside web-0#2)"],
            [
                "! replica/web-0#2 (not ready, and serves until its successor does)",
                "! replica/web-0 (sick, kept for its log: why)",
            ],
            id="what failed before it was no successor of it",
        ),
        pytest.param(
            alone,
            [copy("unready", 300)],
            [f"+ replica/web-0 ({restarted})", "- replica/web-0 (replaced)"],
            [],
            id="silent for restart_after",
        ),
        pytest.param(
            holds_a_volume,
            [copy("unready", 300)],
            ["- replica/web-0 (replaced, goes first: the two cannot run at once)", f"+ replica/web-0 ({restarted})"],
            [],
            id="silent for restart_after, with a volume",
        ),
        pytest.param(
            hasty,
            [copy("unready", 60)],
            ["+ replica/web-0 (has not answered for 60 s (restart_after))", "- replica/web-0 (replaced)"],
            [],
            id="silent for a restart_after of its own",
        ),
        pytest.param(
            web,
            [copy("unready", 40), copy("starting", 2, **second)],
            ["= replica/web-0 (starting: why)"],
            ["! replica/web-0 (stays until web-0#2 serves)"],
            id="its successor starts",
        ),
        pytest.param(
            web,
            [copy("unready", 60, in_flight=3), copy("healthy", **second)],
            [],
            ["! replica/web-0 (web-0#2 serves; it is stopped when its 3 requests have ended)"],
            id="its successor serves, and requests are in it",
        ),
        pytest.param(
            web,
            [copy("unready", 60), copy("healthy", **second)],
            ["- replica/web-0 (web-0#2 serves)"],
            [],
            id="its requests have ended",
        ),
        pytest.param(
            web,
            [copy("unready", 300, in_flight=3), copy("healthy", **second)],
            [f"- replica/web-0 ({restarted})"],
            [],
            id="its requests never end",
        ),
        pytest.param(
            web,
            [copy("healthy", 5, in_flight=1), copy("healthy", 5, **second)],
            [],
            ["! replica/web-0 (web-0#2 serves; it is stopped when its request has ended)"],
            id="it is back, with a request in it",
        ),
        pytest.param(
            web,
            [copy("healthy", 5), copy("healthy", 5, **second)],
            ["- replica/web-0 (one too many)"],
            [],
            id="it is back, with nothing in it",
        ),
        pytest.param(
            web,
            [copy("unready", 200, in_flight=9), copy("unready", 100, in_flight=9, **second)],
            [],
            [
                "! replica/web-0 (stays until web-0#2 serves)",
                "! replica/web-0#2 (not ready: its process runs, and it may be busy)",
            ],
            id="the successor is busy too, and gets none while the first stands",
        ),
        pytest.param(
            web,
            [copy("unready", 300, in_flight=9), copy("unready", 100, **second)],
            [f"- replica/web-0 ({restarted})"],
            ["! replica/web-0#2 (not ready: its process runs, and it may be busy)"],
            id="the first is silent for restart_after",
        ),
        pytest.param(
            web,
            [copy("healthy", 5), copy("unready", 100, in_flight=1, **second)],
            [],
            ["! replica/web-0#2 (web-0 serves; it is stopped when its request has ended)"],
            id="the first is back, and its successor is busy",
        ),
        pytest.param(
            web,
            [copy("failed", 1)],
            ["+ replica/web-0 (why)"],
            ["! replica/web-0 (sick, kept for its log: why)"],
            id="its process is stopped, which its target calls failed",
        ),
    ],
)
def test_one_address(wanted: Resource, observed: list[Instance], changes: list[str], left: list[str]) -> None:
    plan = planned([wanted], observed)
    assert [str(change) for change in plan.changes] == changes
    assert [str(kept) for kept in plan.skipped] == left


def planned(wanted: list[Resource], observed: list[Instance]) -> Plan:
    return make_plan("shop", wanted, observed, moment=NOW)


@pytest.mark.parametrize(("most", "made"), [(2, 0), (3, 1), (4, 2), (9, 2)])
def test_all_slots_share_the_room(most: int, made: int) -> None:
    patience = Patience(most_copies=most)
    slots = [replace(web, address=f"replica/web-{slot}", patience=patience) for slot in range(2)]
    plan = planned(slots, [copy("unready", 100, at=slot.address) for slot in slots])
    assert sum(change.action == "create" for change in plan.changes) == made


def test_others_take_no_room() -> None:
    api = replace(web, address="replica/api-0", settings={"service": "api"}, digests={})
    others = [replace(copy("healthy", at="replica/api-0"), fingerprint=api.fingerprint, digests=api.digests)]
    changes = planned([web, api], [copy("unready", 100), *others]).changes
    assert [str(change) for change in changes] == [one_more.format(100)]


def test_the_route_leads_to_the_one_that_is_ready() -> None:
    settings: dict[str, Any] = {"endpoints": [Ref(web.address, "endpoint")]}
    route = Resource("shop", "route/web", "route", settings, mutable=("endpoints",))
    leads_to_first = Instance(
        "shop", "route/web", "route", route.fingerprint, 1, Health("healthy", "", 0.0),
        digests=route.digests, bindings={f"{web.address}.endpoint": "10.0.0.1:80"},
    )  # fmt: skip
    both = [copy("unready", 60, in_flight=1), copy("healthy", **second), leads_to_first]
    moved = planned([web, route], both)
    assert [change.address for change in moved.changes] == ["route/web"]
    assert moved.sources[web.address].incarnation == 2
    back = planned([web, route], [copy("healthy", 5), copy("unready", 60, in_flight=1, **second), leads_to_first])
    assert not list(back.changes)
    assert back.sources[web.address].incarnation == 1


def test_a_new_release_waits_for_nobody() -> None:
    newer = replace(web, settings={"service": "web", "command": "new"}, digests={})
    changes = planned([newer], [copy("unready", 10, in_flight=2)]).changes
    assert [str(change) for change in changes] == ["+ replica/web-0 (command changed)", "- replica/web-0 (replaced)"]


def test_by_no_clock_nothing_has_lasted() -> None:
    assert make_plan("shop", [web], [replace(copy("unready"), health=Health("unready", "", 5.0))]).empty
