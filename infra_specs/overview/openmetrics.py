"""What is known of all stacks in the text format of OpenMetrics 1.0, for a Prometheus.

https://github.com/prometheus/OpenMetrics/blob/main/specification/OpenMetrics.md
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from infra_specs.overview.condition import condition
from infra_specs.overview.facts import ServiceFacts, StackFacts

MEDIA_TYPE = "application/openmetrics-text; version=1.0.0; charset=utf-8"
Labels = Mapping[str, str]
Sample = tuple[Labels, float | None]


@dataclass(frozen=True, slots=True)
class Family:
    """A metric of one name. A sample that is not known is left out. A counter's name has no `_total` here."""

    name: str
    text: str
    samples: tuple[Sample, ...]
    unit: str = ""
    is_counter: bool = False


def openmetrics(stacks: Sequence[StackFacts], moment: float, check_age: float | None) -> str:
    """The whole text. `check_age`: seconds since the last check of the services ended; None: there was none."""
    families = (*_of_stacks(stacks, moment), *_of_services(stacks), *_of_checks(check_age))
    return "".join(line for family in families for line in _lines(family)) + "# EOF\n"


def _of_stacks(stacks: Sequence[StackFacts], moment: float) -> Iterator[Family]:
    def family(name: str, text: str, value: Callable[[StackFacts], float | None], unit: str = "") -> Family:
        samples = (({"stack": stack.name, "target": stack.target}, value(stack)) for stack in stacks)
        return Family(f"tenfold_{name}", text, tuple(samples), unit)

    yield family("stack_wanted", "1 for a stack that is up, 0 for one that is torn down.", lambda stack: stack.wanted)
    yield family(
        "stack_well",
        "1 while all that is wanted serves.",
        lambda stack: condition(stack, moment).state == "well" if stack.wanted else None,
    )
    yield family("stack_users", "Monthly users in the file.", lambda stack: None if stack.fault else stack.users)
    yield family("price_usd", "Price a month now.", lambda stack: stack.price.today, "usd")
    yield family("price_design_usd", "Price a month at the design.", lambda stack: stack.price.design, "usd")
    yield family("budget_usd", "Budget a month.", lambda stack: stack.price.budget, "usd")
    yield family("spent_usd", "Spent in this calendar month.", lambda stack: stack.price.spent, "usd")
    debts = "Debts whose day is over."
    yield family("debts_expired", debts, lambda stack: sum(debt.expired for debt in stack.debts))
    alerts = [(stack, alert) for stack in stacks for alert in stack.alerts]
    labelled = (({"stack": stack.name, "kind": alert.kind, "where": alert.where}, 1.0) for stack, alert in alerts)
    yield Family("tenfold_alert", "1 for each alert that goes on.", tuple(labelled))
    releases = tuple(
        ({"stack": stack.name, "target": stack.target}, float(stack.releases[0].number))
        for stack in stacks
        if stack.releases
    )
    yield Family("tenfold_releases", "Releases that were made.", releases, is_counter=True)


def _of_services(stacks: Sequence[StackFacts]) -> Iterator[Family]:
    def family(name: str, text: str, value: Callable[[ServiceFacts], float | None], unit: str = "") -> Family:
        samples = (
            ({"stack": stack.name, "service": service.name}, value(service))
            for stack in stacks
            if stack.wanted
            for service in stack.services
        )
        return Family(f"tenfold_{name}", text, tuple(samples), unit)

    yield family("replicas_wanted", "Replicas that shall run.", lambda service: service.wanted)
    yield family("replicas_serving", "Replicas that answer their health check.", lambda service: service.serving)
    yield family("replicas_most", "Replicas that there may be.", lambda service: service.most)
    yield family("demand_in_flight", "Requests in flight, by the last check.", lambda service: service.in_flight)
    yield family(
        "design_in_flight",
        "Requests in flight at the design capacity.",
        lambda service: service.design if service.port is not None else None,
    )
    yield family("requests_per_second", "By the last check.", lambda service: service.requests_per_second)
    errors = "Answers a second of 500 and more, and none at all."
    yield family("errors_per_second", errors, lambda service: service.errors)
    yield family(
        "latency_seconds", "What 95 of 100 requests did not exceed.", lambda service: service.latency, "seconds"
    )


def _of_checks(age: float | None) -> Iterator[Family]:
    yield Family("tenfold_check_age_seconds", "Since the last check of all services.", (({}, age),), "seconds")


def _lines(family: Family) -> Iterator[str]:
    yield f"# TYPE {family.name} {'counter' if family.is_counter else 'gauge'}\n"
    if family.unit:
        yield f"# UNIT {family.name} {family.unit}\n"
    yield f"# HELP {family.name} {_escaped(family.text)}\n"
    name = f"{family.name}_total" if family.is_counter else family.name
    for labels, value in family.samples:
        if value is not None:
            yield f"{name}{_label_text(labels.items())} {float(value)!r}\n"


def _label_text(labels: Iterable[tuple[str, str]]) -> str:
    text = ",".join(f'{name}="{_escaped(value)}"' for name, value in labels)
    return f"{{{text}}}" if text else ""


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")
