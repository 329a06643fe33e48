"""Every number of the language at its extremes: planned and priced, or refused in words, and never anything else."""

import copy
import math
from collections.abc import Iterator
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin

import pytest
import yaml
from annotated_types import Ge, Gt, Le, Lt
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from infra_specs.advice.growth import growth
from infra_specs.catalogue.desired import desired_state, replica_count
from infra_specs.errors import PlanError, SpecError
from infra_specs.plan.make_plan import make_plan
from infra_specs.pricing.month import Spent, budget_left, seconds_left
from infra_specs.pricing.price import price, rate, refuse_over_budget, replica_price
from infra_specs.scaling.autoscaler_state import AutoscalerState
from infra_specs.scaling.decide import decide
from infra_specs.scaling.measurement import Measurement
from infra_specs.scaling.policy import policy_of
from infra_specs.scaling.scaling_input import ScalingInput
from infra_specs.sizing.size import size
from infra_specs.stackfile.messages.expectations import NO_EXPECTATION
from infra_specs.stackfile.models.stack import Stack
from infra_specs.stackfile.reading.load import from_data, load, stored

pytestmark = pytest.mark.pure

MOMENT = 1_794_823_200.0
BASE: dict[str, Any] = {
    "name": "shop",
    "target": {"provider": "local", "price_per_replica": 7.5},
    "services": {
        "web": {
            "command": "run", "image": "shop:1", "port": 8000, "public": True, "replicas": {"min": 1, "max": 20},
            "scaling": {"latency": "300ms", "schedule": [{"at": "08:00", "until": "18:00", "min": 2}]},
            "env": {"DATABASE": {"from": "database.host"}},
        },
        "worker": {"command": "work", "image": "shop:1", "replicas": 2},
    },
    "needs": {"database": {"engine": "postgres"}, "cache": {"engine": "valkey"}},
    "tls": {"certificate": "chain.pem", "key": "key.pem"},
    "users": {"monthly": 1000},
    "headroom_because": "so",
    "budget": 500,
    "debts": [],
}  # fmt: skip

Place = tuple[str | int, ...]
Bounds = tuple[float, ...]


def _numbers(kind: Any, path: Place = (), notes: tuple[Any, ...] = ()) -> Iterator[tuple[Place, str, Bounds]]:
    """Every number in the types of the language: where it is, on which target, and its bounds."""
    origin = get_origin(kind)
    if origin is Annotated:
        yield from _numbers(get_args(kind)[0], path, (*notes, *get_args(kind)[1:]))
    elif origin in (Union, UnionType):
        for branch in get_args(kind):
            if branch is not NoneType:
                yield from _numbers(branch, path, notes)
    elif origin is list:
        yield from _numbers(get_args(kind)[0], (*path, 0))
    elif origin is dict:
        yield from _numbers(get_args(kind)[1], (*path, "web"))
    elif kind in (int, float):
        yield path, "", tuple(_bounds(notes))
    elif isinstance(kind, type) and issubclass(kind, BaseModel):
        provider = get_args(kind.model_fields["provider"].annotation)[0] if "provider" in kind.model_fields else ""
        for name, field in kind.model_fields.items():
            inner = _numbers(field.annotation, (*path, field.alias or name), tuple(field.metadata))
            yield from ((inner_path, target or provider, bounds) for inner_path, target, bounds in inner)


def _bounds(notes: tuple[Any, ...]) -> Iterator[float]:
    for note in (inner for outer in notes for inner in (outer, *getattr(outer, "metadata", ()))):
        for kind, name in ((Ge, "ge"), (Gt, "gt"), (Le, "le"), (Lt, "lt")):
            if isinstance(note, kind):
                bound: Any = getattr(note, name)
                yield from (bound, math.nextafter(bound, -math.inf), math.nextafter(bound, math.inf))


numbers = list(dict.fromkeys(_numbers(Stack)))
EXTREMES: tuple[Any, ...] = (
    math.nan, math.inf, -math.inf, 0, 0.0, -0.0, 1, 1.0, 0.5, 3, 1e-309, 5e-324, 1e-300, 1e-12, 1e308, -1e308, -1,
    -1.5, 2**31, 2**63, 10**18 - 1, 10**30, 10**400, -(10**400), True, False, None, "", "5", "1e999s",
    "0.0000001ms", "0s",
    "0B", "1ms", "1d", "1TB", "9e99GB", "99999999999999999999GB", f"{'9' * 400}s", "-1s", "nan", "1.5 KB", [], {},
)  # fmt: skip
"""What a hand, a program or an attacker may put where a number belongs."""


def _with(changes: list[tuple[tuple[Place, str, Bounds], Any]]) -> dict[str, Any]:
    """The base with these numbers in it. Something that has no place any more is left out."""
    data = copy.deepcopy(BASE)
    for (path, target, _), value in changes:
        if target:
            data["target"] = {**data["target"], "provider": target}
        holder: Any = data
        for step in path[:-1]:
            if not isinstance(holder, dict | list) or (isinstance(holder, dict) and step not in holder):
                if not isinstance(holder, dict):
                    break
                holder[step] = {}
            holder = holder[step]
        if isinstance(holder, dict):
            holder[path[-1]] = value
    return data


def _text(data: dict[str, Any]) -> str:
    return yaml.dump(data, Dumper=yaml.CSafeDumper)


def _whole_road(stack: Stack) -> None:
    """From a stack to its sizes, its resources, its plan, its price and a decision."""
    sizing = size(stack)
    wanted = desired_state(stack, sizing, counts={}, secrets={}, source="/srv")
    assert make_plan(stack.name, wanted, ()).summary
    cost = price(stack, sizing, wanted)
    assert str(cost)
    assert all(sizing.arithmetic)
    counts = {name: replica_count(sizing, {}, name) for name in sizing.services}
    spent = Spent("2026-11", 3.0, MOMENT - 60)
    whole = rate(stack, sizing, counts)
    left = None if stack.budget is None or whole is None else budget_left(stack.budget, spent, MOMENT, whole)
    for name, sizes in sizing.services.items():
        for in_flight in (0.0, 40.0, 1e12):
            measured = Measurement(
                MOMENT,
                15.0,
                in_flight=in_flight,
                requests_per_second=in_flight,
                cpu=0.9,
                queue=in_flight,
                status="fresh",
            )
            situation = ScalingInput(
                service=name, now=MOMENT, measured=measured, wanted=counts[name], serving=counts[name], starting=0,
                minimum=sizes.minimum, maximum=sizes.maximum, design=sizes.design,
                capacity=stack.services[name].capacity, start_seconds=15.0, interval=15.0,
                price=replica_price(stack, name),
                budget_left=left, month_left=seconds_left(MOMENT), largest=True,
            )  # fmt: skip
            decision, _ = decide(policy_of(stack.services[name].scaling), situation, AutoscalerState())
            assert decision.reason
    growth(stack, counts, {"web": [(float(day), 50.0 + day) for day in range(20)]}, 21.0)
    refuse_over_budget(stack.name, cost)


def _outcome(read: Any, given_data: Any) -> str:
    """Nothing for a stack that went the whole road, or the sentences of its refusal."""
    refusal = ""
    try:
        stack = read(given_data)
        assert stored(stack.model_dump(mode="json", by_alias=True)) == stack
        _whole_road(stack)
    except (SpecError, PlanError) as refused:
        refusal = str(refused)
    assert NO_EXPECTATION not in refusal
    return refusal


def test_the_base_goes_the_whole_road() -> None:
    assert _outcome(from_data, BASE) == ""
    assert _outcome(load, _text(BASE)) == ""


def test_the_numbers_that_are_known_are_found() -> None:
    places = {path for path, _, _ in numbers}
    assert {
        ("users", "monthly"), ("users", "response_time"), ("services", "web", "capacity"), ("headroom",), ("budget",),
        ("services", "web", "scaling", "schedule", 0, "min"), ("services", "web", "replicas", "max"),
        ("needs", "database", "memory"), ("target", "port"), ("target", "price_per_replica"), ("tls", "redirect"),
        ("services", "web", "drain"), ("services", "web", "cpus"), ("services", "web", "scaling", "window"),
    } <= places  # fmt: skip


@pytest.mark.parametrize("number", numbers, ids=lambda number: ".".join(map(str, (*number[0], number[1]))))
def test_each_number_alone(number: tuple[Place, str, Bounds]) -> None:
    for value in (*EXTREMES, *number[2]):
        data = _with([(number, value)])
        for read, given_data in ((from_data, data), (load, _text(data))):
            refusal = _outcome(read, given_data)
            for line in refusal.splitlines():
                assert "found" in line or "give" in line or "no service is public" in line or ":" in line, refusal


@pytest.mark.parametrize("number", numbers, ids=lambda number: ".".join(map(str, (*number[0], number[1]))))
def test_every_number_has_bounds_on_both_sides(number: tuple[Place, str, Bounds]) -> None:
    path, target, bounds = number
    assert 5e-324 not in bounds or 0 in bounds
    assert len(bounds) >= 6, f"{path} on {target or 'every target'} has a bound on one side only"


@pytest.mark.parametrize("share", [0, 5e-324, 1e-309, 1e-300, 1e-12])
@pytest.mark.parametrize("read", [from_data, lambda data: load(_text(data))], ids=["data", "file"])
def test_a_share_that_is_next_to_nothing(read: Any, share: float) -> None:
    data = copy.deepcopy(BASE)
    data["services"]["web"] |= {"share": share, "replicas": {"min": 1}}
    assert _outcome(read, data) == ""


@given(st.lists(st.sampled_from(numbers).flatmap(
    lambda number: st.tuples(st.just(number), st.sampled_from((*EXTREMES, *number[2])))), min_size=2, max_size=5),
    st.booleans())  # fmt: skip
@settings(max_examples=400, deadline=None)
def test_any_of_them_together(changes: list[Any], written: bool) -> None:
    data = _with(changes)
    _outcome(load if written else from_data, _text(data) if written else data)
