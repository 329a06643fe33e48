"""/metrics, as a strict reader of OpenMetrics understands it."""

from typing import Any

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from infra_specs.overview.facts import PriceFacts, StackFacts
from infra_specs.overview.openmetrics import openmetrics
from tests.infra_specs.overview.facts import NOW, alert, service, stack

pytestmark = pytest.mark.pure


def read(*stacks: StackFacts, check_age: float | None = 4.5) -> dict[tuple[Any, ...], float]:
    """Every sample by its name and labels."""
    families = text_string_to_metric_families(openmetrics(stacks, NOW, check_age))
    return {
        (sample.name, *sorted(sample.labels.items())): sample.value for family in families for sample in family.samples
    }


def test_each_figure_is_there_once_with_its_labels() -> None:
    samples = read(stack(), stack(service(name="api", port=None, in_flight=None), name="blog", wanted=False))
    of_shop, of_web = (("stack", "shop"), ("target", "local")), (("service", "web"), ("stack", "shop"))
    assert {name: samples[(f"tenfold_{name}", *of_shop)] for name in (
        "stack_wanted", "stack_well", "stack_users", "price_usd", "price_design_usd", "budget_usd", "spent_usd",
        "debts_expired", "releases_total",
    )} == {
        "stack_wanted": 1, "stack_well": 1, "stack_users": 1000, "price_usd": 20, "price_design_usd": 200,
        "budget_usd": 100, "spent_usd": 12.5, "debts_expired": 0, "releases_total": 3,
    }  # fmt: skip
    assert {name: samples[(f"tenfold_{name}", *of_web)] for name in (
        "replicas_wanted", "replicas_serving", "replicas_most", "demand_in_flight", "design_in_flight",
        "requests_per_second", "errors_per_second", "latency_seconds",
    )} == {
        "replicas_wanted": 2, "replicas_serving": 2, "replicas_most": 20, "demand_in_flight": 3,
        "design_in_flight": 40, "requests_per_second": 10, "errors_per_second": 0.5, "latency_seconds": 0.2,
    }  # fmt: skip
    assert samples[("tenfold_check_age_seconds",)] == 4.5
    assert samples[("tenfold_stack_wanted", ("stack", "blog"), ("target", "local"))] == 0
    assert not [key for key in samples if ("stack", "blog") in key and key[0].startswith("tenfold_replicas")]


def test_each_alert_is_a_sample() -> None:
    labels = (("kind", "errors"), ("stack", "shop"), ("where", "web"))
    assert read(stack(alerts=(alert(),)))[("tenfold_alert", *labels)] == 1


def test_what_is_not_known_is_left_out_and_never_0() -> None:
    unknown = stack(service(serving=None, in_flight=None, latency=None), price=PriceFacts(), releases=())
    names = {key[0] for key in read(unknown, check_age=None)}
    for name in ("replicas_serving", "demand_in_flight", "latency_seconds", "price_usd", "releases_total"):
        assert f"tenfold_{name}" not in names
    assert "tenfold_check_age_seconds" not in names


@pytest.mark.parametrize("name", ['a"b', "a\\b", "a\nb", "{}", "é☃", "</script>"])
def test_any_text_is_a_label(name: str) -> None:
    assert read(stack(target=name))[("tenfold_stack_wanted", ("stack", "shop"), ("target", name))] == 1


def test_no_stack_is_a_text_too() -> None:
    assert read(check_age=None) == {}
