"""Whatever is written or sent, reading it ends in a stack or in one SpecError with words for every fault."""

import copy
from datetime import date
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from infra_specs.errors import SpecError
from infra_specs.stackfile.messages.expectations import NO_EXPECTATION
from infra_specs.stackfile.models.stack import Stack
from infra_specs.stackfile.reading.load import from_data, load, stored

pytestmark = pytest.mark.pure

VALID: dict[str, Any] = {
    "version": 1,
    "name": "shop",
    "target": {"provider": "local", "port": 8080, "public_port": 8081, "price_per_replica": 1.5},
    "services": {
        "web": {
            "command": "python web.py",
            "port": 8000,
            "public": True,
            "route": {"host": "shop.example.com", "path": "/a"},
            "env": {"A": "b", "B": {"secret": "s"}, "C": {"from": "database.host"}},
            "replicas": {"min": 1, "max": 9},
        },
        "worker": {"command": ["a", "b"], "folder": "x", "replicas": 3, "share": 0.5, "capacity": 4},
    },
    "needs": {"database": {"engine": "postgres", "memory": "1GB", "storage": 2**30}, "cache": "valkey"},
    "users": {"monthly": 5, "session_length": "3m", "response_time": 0.2, "sessions": 1, "requests": 2, "peak": 3},
    "headroom": 200,
    "headroom_because": "so",
    "budget": 10.5,
    "debts": [{"what": "a", "why": "b", "expires": "2027-01-31", "plan": "c", "impact": "d"}],
}
words = st.sampled_from(
    ["name", "services", "web", "command", "env", "secret", "from", "provider", "local", "postgres", "[key]", "text",
     "replicas", "min", "3", "1GB", "-1s", "2027-01-31", "<<", "=", "yes", "010", "*", "&a", "\0", "\ud800", "9" * 400]
)  # fmt: skip
scalars = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20), words, st.dates(),
    st.binary(max_size=4),     st.sampled_from([10**400, -(10**18), 2**63]),
)  # fmt: skip
trees = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.one_of(words, st.text(max_size=8), st.integers(), st.none(), st.dates()), inner, max_size=5
        )
    ),
    max_leaves=25,
)


def outcome(read: Any, given_text: Any) -> Stack | str:
    try:
        stack = read(given_text)
    except SpecError as refused:
        message = str(refused)
        assert message
        assert NO_EXPECTATION not in message
        assert len(message.splitlines()) <= 51
        return message
    assert isinstance(stack, Stack)
    assert stored(stack.model_dump(mode="json")) == stack
    return stack


def places(data: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inside = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    return [path, *(deeper for key, value in inside for deeper in places(value, (*path, key)))]


@st.composite
def mutated(draw: st.DrawFn) -> Any:
    data = copy.deepcopy(VALID)
    for _ in range(draw(st.integers(1, 4))):
        path = draw(st.sampled_from([path for path in places(data) if path]))
        holder: Any = data
        for step in path[:-1]:
            holder = holder[step]
        match draw(st.sampled_from(["replace", "remove", "rename"])):
            case "replace":
                holder[path[-1]] = draw(trees)
            case "remove":
                del holder[path[-1]]
            case "rename" if isinstance(holder, dict):
                holder[draw(words)] = holder.pop(path[-1])
    return data


@given(st.one_of(st.text(), st.text(alphabet=" \n\t:-[]{}&*!|>'\"#%@`ab1?,.<=~\\\0")))
@settings(max_examples=200, deadline=None)
def test_any_text(text: str) -> None:
    outcome(load, text)


@given(trees)
@settings(max_examples=150, deadline=None)
def test_any_data(data: Any) -> None:
    outcome(from_data, data)


@given(mutated())
@settings(max_examples=200, deadline=None)
def test_a_mutated_spec_as_data(data: Any) -> None:
    outcome(from_data, data)


@given(mutated())
@settings(max_examples=100, deadline=None)
def test_a_mutated_spec_from_the_ledger(data: Any) -> None:
    outcome(stored, data)


@given(mutated(), st.booleans())
@settings(max_examples=150, deadline=None)
def test_a_mutated_spec_as_yaml(data: Any, flow: bool) -> None:
    try:
        text = yaml.dump(data, default_flow_style=flow, allow_unicode=True)
    except (yaml.YAMLError, UnicodeError, TypeError, ValueError):
        return  # PyYAML cannot write it, and nobody else would
    outcome(load, text)


@given(st.data())
@settings(max_examples=100, deadline=None)
def test_a_valid_text_with_a_hole_or_a_stain(data: st.DataObject) -> None:
    text = yaml.dump(VALID)
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 30)))
    outcome(load, text[:start] + data.draw(st.text(max_size=5)) + text[end:])


def test_the_valid_one_is_valid_both_ways() -> None:
    stack = outcome(from_data, VALID)
    assert isinstance(stack, Stack)
    assert outcome(load, yaml.dump(VALID)) == stack
    assert stack.debts[0].expires == date(2027, 1, 31)
