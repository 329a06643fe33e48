"""From any text or data to a plan: only what we raise on purpose is ever raised."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infra_specs.catalogue.desired import desired_state
from infra_specs.errors import PlanError, SpecError
from infra_specs.plan.make_plan import make_plan
from infra_specs.plan.plan import Plan
from infra_specs.pricing.price import price
from infra_specs.sizing.size import size
from infra_specs.stackfile.models.stack import Stack
from infra_specs.stackfile.reading.load import from_data

pytestmark = pytest.mark.pure

names = st.sampled_from(["web", "api", "jobs", "a", "x-1"])
sound = st.one_of(st.integers(1, 1000), st.floats(0.01, 1000), st.just(1), st.just(10**9))
odd = st.one_of(st.integers(-1, 10**12), st.floats(), st.sampled_from([0, 1e-300, 1e300]))
numbers = st.one_of(sound, sound, sound, sound, odd)
amounts = st.one_of(numbers, st.sampled_from(["200ms", "3m", "1d", "512MB", "10GB", "0s", "x"]))
services = st.fixed_dictionaries(
    {"command": st.just("run")},
    optional={
        "port": st.one_of(st.none(), st.integers(0, 70_000)),
        "capacity": numbers,
        "share": st.one_of(st.floats(0, 1), odd),
        "replicas": st.one_of(st.integers(0, 20), st.fixed_dictionaries({}, optional={"min": numbers})),
        "public": st.booleans(),
        "route": st.fixed_dictionaries({}, optional={"path": st.sampled_from(["/", "/a", "b"]), "host": names}),
        "env": st.dictionaries(
            st.sampled_from(["A", "B", "PGHOST"]),
            st.one_of(st.text(max_size=5), numbers, st.just({"from": "database.host"}), st.just({"secret": "s"})),
            max_size=2,
        ),
    },
)
stacks = st.fixed_dictionaries(
    {
        "name": st.just("shop"),
        "target": st.one_of(
            st.just({"provider": "memory"}),
            st.fixed_dictionaries({"provider": st.just("local")}, optional={"price_per_replica": numbers}),
        ),
        "services": st.dictionaries(names, services, min_size=1, max_size=3),
    },
    optional={
        "needs": st.fixed_dictionaries(
            {}, optional={"database": st.one_of(st.just("postgres"), st.fixed_dictionaries({"memory": amounts}))}
        ),
        "users": st.fixed_dictionaries(
            {},
            optional={
                "monthly": numbers,
                "sessions": numbers,
                "session_length": amounts,
                "requests": numbers,
                "response_time": amounts,
                "peak": numbers,
            },
        ),
        "headroom": numbers,
        "budget": numbers,
    },
)


def plan_of(stack: Stack) -> tuple[Plan, int]:
    sizing = size(stack)
    desired = desired_state(stack, sizing, counts={}, secrets={"s": 1}, source="/srv")
    str(price(stack, sizing, desired))
    return make_plan(stack.name, desired, ()), len(desired)


@settings(max_examples=150, deadline=None)
@given(stacks)
def test_it_is_planned_or_refused(written: dict[str, Any]) -> None:
    try:
        plan, wanted = plan_of(from_data(written))
    except (SpecError, PlanError):
        return
    assert json.dumps(plan.data())
    assert len(list(plan.changes)) == wanted
