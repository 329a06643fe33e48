"""Environments: the one rule that merges, the name, and faults that name the file which they are in."""

from typing import Any

import pytest

from infra_specs.errors import SpecError
from infra_specs.stackfile.reading.environments import Environment, merge
from infra_specs.stackfile.reading.load import load

pytestmark = pytest.mark.pure

BASE = """\
name: shop
target: {provider: docker}
services:
  web:
    image: shop:1
    port: 8000
    env: {THEME: plain, DEBUG: 010}
    replicas: {min: 3}
needs: {database: {memory: 1GB}, cache: valkey}
budget: 400
"""
INLINE = (
    BASE
    + """\
environments:
  staging:
    services: {web: {replicas: {min: 1}, env: {THEME: dark, DEBUG: null, LEVEL: 007}}}
    needs: {cache: null}
    budget: null
  dev: {users: {monthly: 10}}
"""
)
BESIDE = "services:\n  web:\n    replicas: {min: 1}\nneeds: {cache: null}\n"


@pytest.mark.parametrize(
    ("base", "overlay", "merged"),
    [
        ({"a": 1, "b": 2}, {"b": 3}, {"a": 1, "b": 3}),
        ({"a": {"b": 1, "c": 2}}, {"a": {"c": 3}}, {"a": {"b": 1, "c": 3}}),
        ({"a": [1, 2]}, {"a": [3]}, {"a": [3]}),
        ({"a": {"b": 1}}, {"a": 5}, {"a": 5}),
        ({"a": 5}, {"a": {"b": 1, "c": None}}, {"a": {"b": 1}}),
        ({"a": 1, "b": 2}, {"a": None, "c": None}, {"b": 2}),
        ({}, {}, {}),
    ],
)
def test_the_one_rule(base: Any, overlay: Any, merged: Any) -> None:
    assert merge(base, overlay) == merged


def test_an_environment_of_the_file() -> None:
    stack = load(INLINE, "stack.yaml", Environment("staging"))
    assert stack.name == "shop-staging"
    assert stack.services["web"].replicas.min == 1
    assert stack.services["web"].env == {"THEME": "dark", "LEVEL": "007"}
    assert (stack.needs.cache, stack.budget) == (None, None)
    assert stack.needs.database is not None
    assert stack.services["web"].image == "shop:1"


def test_an_environment_beside_it() -> None:
    stack = load(BASE, "stack.yaml", Environment("staging", "stack.staging.yaml", BESIDE))
    assert (stack.name, stack.services["web"].replicas.min, stack.needs.cache) == ("shop-staging", 1, None)


def test_without_one_it_is_the_file_itself() -> None:
    assert load(INLINE) == load(BASE)


@pytest.mark.parametrize(
    ("text", "environment", "message"),
    [
        (BASE, Environment("staging"),
         "stack.yaml has no environment staging. Describe it under `environments`, or in a file beside it that is "
         "called stack.staging.yaml."),
        (INLINE, Environment("prod"),
         "stack.yaml has no environment prod. It has: staging, dev. Describe it under `environments`, or in a file "
         "beside it that is called stack.prod.yaml."),
        (INLINE, Environment("staging", "stack.staging.yaml", BESIDE),
         "The environment staging is in stack.yaml under `environments`, and in stack.staging.yaml. Keep one of the "
         "two."),
        (BASE, Environment("staging", "stack.staging.yaml", "services:\n  web: {prot: 1}\n"),
         "stack.staging.yaml:2: services.web.prot: unknown key. Did you mean `port`?"),
        (BASE, Environment("staging", "stack.staging.yaml", "budget: many\n"),
         "stack.staging.yaml:1: budget: found the text `many`, must be a number."),
        (BASE, Environment("staging", "stack.staging.yaml", "- web\n"),
         "stack.staging.yaml:1: found a list, must be a mapping of the keys that differ."),
        (BASE, Environment("staging", "stack.staging.yaml", "services: ["), "stack.staging.yaml:2:1: not YAML"),
        (BASE.replace("image: shop:1", "image: [1]"), Environment("staging", "stack.staging.yaml", BESIDE),
         "stack.yaml:5: services.web.image: "),
        (BASE + "environments:\n  staging:\n    budgt: 1\n", Environment("staging"),
         "stack.yaml:13: budgt: unknown key."),
        (BASE + "environments: staging\n", None,
         "stack.yaml:11: environments: found `staging`, must be a mapping of names."),
        (BASE + "environments:\n  staging: 1\n", None,
         "stack.yaml:12: environments.staging: found 1, must be a mapping of the keys that differ."),
    ],
)  # fmt: skip
def test_faults_name_the_file_and_the_line(text: str, environment: Environment | None, message: str) -> None:
    with pytest.raises(SpecError) as refused:
        load(text, "stack.yaml", environment)
    assert str(refused.value).startswith(message)
