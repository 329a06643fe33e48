"""The published schema, and the examples that it must let through."""

from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from infra_specs.errors import SpecError
from infra_specs.sizing.demand import demand_of
from infra_specs.sizing.replicas import size_service
from infra_specs.stackfile.reading.load import from_data, load
from infra_specs.stackfile.reading.schema import SCHEMA_FILE, schema, schema_text

pytestmark = pytest.mark.pure

ROOT = Path(__file__).parents[3]
examples = sorted((ROOT / "infra_specs" / "stacks").glob("*.yaml"))
checker = jsonschema.Draft202012Validator(schema())
LEAST: dict[str, Any] = {"name": "shop", "target": {"provider": "memory"}, "services": {"web": {"command": "app"}}}


class _Yaml12(yaml.SafeLoader):
    """As an editor reads YAML 1.2: a day is a text."""


_Yaml12.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith(":timestamp")]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def test_the_published_file_is_the_generated_one() -> None:
    assert (ROOT / SCHEMA_FILE).read_text(encoding="utf-8") == schema_text(), "run: python -m deployments.write_schema"


def test_it_is_a_schema_with_a_description_of_every_key() -> None:
    jsonschema.Draft202012Validator.check_schema(schema())
    for name, part in {"Stack": schema(), **schema()["$defs"]}.items():
        for key, about in part["properties"].items():
            assert about.get("description"), f"{name}.{key}"


@pytest.mark.parametrize("file", examples, ids=lambda file: file.name)
def test_an_example_loads_fits_the_schema_and_names_it(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    first, second = text.splitlines()[:2]
    assert second.startswith("# ")
    assert (file.parent / first.removeprefix("# yaml-language-server: $schema=")).resolve() == ROOT / SCHEMA_FILE
    stack = load(text, file.name)
    assert stack.name == file.stem
    checker.validate(yaml.load(text, _Yaml12))
    checker.validate(stack.model_dump(mode="json"))


def test_there_are_examples_enough() -> None:
    assert len(examples) >= 4


def test_the_quickstart_is_short_and_needs_three_replicas_today() -> None:
    text = (ROOT / "infra_specs" / "stacks" / "quickstart.yaml").read_text(encoding="utf-8")
    stack = load(text)
    assert len(text.splitlines()) < 35
    assert (ROOT / "infra_specs" / "stacks" / stack.services["web"].folder / "app.py").is_file()
    assert size_service("web", stack.services["web"], demand_of(stack.users).in_flight, stack.headroom).today == 3


@pytest.mark.parametrize(
    "change",
    [
        {"needs": {"database": "postgres", "cache": {"memory": "64MB"}}},
        {"services": {"web": {"command": ["app", 1], "replicas": 3, "env": {"A": "b", "B": 5, "C": {"secret": "s"}}}}},
        {"services": {"web": {"image": "x", "replicas": {"min": 2}, "port": None}}},
        {"users": {"response_time": 0.2, "session_length": "3m"}, "budget": None},
        {"needs": {"database": {"memory": 2**30}}},
    ],
)
def test_both_forms_are_let_through_by_the_schema_and_the_reader(change: dict[str, Any]) -> None:
    checker.validate(LEAST | change)
    from_data(LEAST | change)


@pytest.mark.parametrize(
    "change",
    [
        {"prot": 1},
        {"version": 2},
        {"version": True},
        {"name": "Shop"},
        {"target": {"provider": "swarm"}},
        {"services": {}},
        {"services": {"Web": {"command": "x"}}},
        {"services": {"web": {}}},
        {"services": {"web": {"command": "x", "port": "8000"}}},
        {"services": {"web": {"command": "x", "capacity": 0}}},
        {"services": {"web": {"command": "x", "env": {"A-B": "x"}}}},
        {"services": {"web": {"command": "x", "env": {"A": True}}}},
        {"services": {"web": {"command": "x", "route": {"host": "A"}}}},
        {"needs": {"database": "mysql"}},
        {"users": {"response_time": "2 weeks"}},
    ],
)
def test_both_refuse(change: dict[str, Any]) -> None:
    assert not checker.is_valid(LEAST | change)
    with pytest.raises(SpecError):
        from_data(LEAST | change)
