"""What a spec says of scaling, and the policy that it becomes."""

from typing import Any

import pytest

from infra_specs.scaling.policy import Policy, policy_of
from infra_specs.scaling.schedule import period
from infra_specs.stackfile.reading.load import load, stored

pytestmark = pytest.mark.pure


def stack(scaling: str) -> Any:
    return load(f"name: shop\ntarget: {{provider: memory}}\nservices: {{web: {{command: app, port: 80{scaling}}}}}\n")


def test_nothing_said_is_the_default_policy() -> None:
    assert policy_of(stack("").services["web"].scaling) == Policy()


def test_all_that_can_be_said_becomes_the_policy() -> None:
    stack_read = stack(
        ", scaling: {mode: advise, utilisation: 65%, prefer: quick, window: 5m, idle: 1h, "
        "requests_per_second: 50, latency: 300ms, "
        "cpu: 0.6, queue: 100, step: 4, over_budget: stop, timezone: Europe/Berlin, "
        "schedule: [{at: Mon-Fri 08:00, until: 18:00, min: 6}, {at: 22:00, min: 2}]}"
    ).services["web"]
    assert stack_read.scaling.mode == "advise"
    assert policy_of(stack_read.scaling) == Policy(
        0.65, "quick", 300, 3600, 50, 0.3, 0.6, 100, 4, "stop",
        (period("Mon-Fri 08:00", "18:00", 6), period("22:00", "24:00", 2)), "Europe/Berlin",
    )  # fmt: skip


@pytest.mark.parametrize("written", ["60%", "60 %", '"60%"', "0.6"])
def test_a_part_is_written_as_a_number_or_in_percent(written: str) -> None:
    scaling = stack(f", scaling: {{utilisation: {written}}}").services["web"].scaling
    assert scaling.utilisation == 0.6
    assert scaling.model_dump(mode="json")["utilisation"] == 0.6


def test_a_time_needs_no_quotes() -> None:
    """YAML 1.1 reads 18:00 as 1080."""
    plain, quoted = (stack(f", scaling: {{schedule: [{{at: {at}, min: 2}}]}}") for at in ("18:00", '"18:00"'))
    assert plain == quoted


def test_it_is_stored_and_read_back() -> None:
    made = stack(", scaling: {latency: 300ms, schedule: [{at: Sat 10:00, min: 2}], timezone: Asia/Tokyo}")
    assert stored(made.model_dump(mode="json")) == made
