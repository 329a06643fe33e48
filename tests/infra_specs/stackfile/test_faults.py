"""Broken specs, each with the whole message that it gets: the cases are data, in faults/*.yaml."""

from functools import reduce
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra_specs.errors import SpecError
from infra_specs.stackfile.messages.expectations import NO_EXPECTATION
from infra_specs.stackfile.models.target import TARGETS
from infra_specs.stackfile.reading.load import load

pytestmark = pytest.mark.pure

files = sorted((Path(__file__).parent / "faults").glob("*.yaml"))
cases = [(file.stem, case) for file in files for case in yaml.safe_load(file.read_text(encoding="utf-8"))]


@pytest.mark.parametrize("case", [pytest.param(case, id=f"{file}: {case['case']}") for file, case in cases])
def test_a_broken_spec_gets_its_message(case: dict[str, Any]) -> None:
    with pytest.raises(SpecError) as refused:
        load(case["spec"])
    assert str(refused.value) == with_targets(case["message"]).rstrip("\n")
    assert NO_EXPECTATION not in str(refused.value)


def with_targets(message: str) -> str:
    """The message with the names of the targets that there are."""
    names = [f"`{name}`" for name in TARGETS]
    known = {"ANY TARGET": f"{', '.join(names[:-1])} or {names[-1]}", "ALL TARGETS": ", ".join(TARGETS)}
    return reduce(lambda text, word: text.replace(word, known[word]), known, message)


def test_there_are_enough_cases_and_no_two_alike() -> None:
    assert len(cases) >= 170
    assert len({case["spec"] for _, case in cases}) == len(cases)


def test_a_value_in_a_wrong_place_is_not_echoed_at_length() -> None:
    for _, case in cases:
        assert "hunter2@" not in case["message"]
        assert "sk_live_4eC39HqLyjWDarjtT1zdp7dc/" not in case["message"]


def test_a_text_beyond_a_megabyte_is_not_read() -> None:
    with pytest.raises(SpecError, match="longer than 1000000 characters"):
        load("#" * 1_000_001)


def test_more_than_the_bound_of_keys_is_refused_without_aliases() -> None:
    with pytest.raises(SpecError, match="more than 100000 keys and values"):
        load("[" + "a," * 100_001 + "]")


def test_a_million_brackets_end_at_the_bound_of_depth() -> None:
    with pytest.raises(SpecError, match="nested more than 50 deep"):
        load("[" * 900_000)


def test_one_long_text_repeated_by_aliases_is_refused() -> None:
    with pytest.raises(SpecError, match="longer than 1000000 characters once its aliases are expanded"):
        load(f"a: &a '{'x' * 400_000}'\nb: [*a, *a]\n")
