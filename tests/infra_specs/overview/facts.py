"""Facts of a stack for tests."""

from typing import Any

from infra_specs.alerts.alert import Alert, LastChange
from infra_specs.overview.facts import ChangeFacts, PriceFacts, ReleaseFacts, ServiceFacts, StackFacts
from infra_specs.releases.selection import ReleaseState

NOW = 1_796_040_000.0


def service(**changed: Any) -> ServiceFacts:
    facts: dict[str, Any] = {
        "name": "web", "port": 8000, "wanted": 2, "today": 2, "most": 20, "expected": 4.0, "design": 40.0,
        "seen": NOW - 15, "serving": 2, "requests_per_second": 10.0, "in_flight": 3.0, "latency": 0.2,
        "errors": 0.5,
    }  # fmt: skip
    return ServiceFacts(**{**facts, **changed})


def release(number: int = 3, state: ReleaseState = ReleaseState.HEALTHY, **changed: Any) -> ReleaseFacts:
    facts: dict[str, Any] = {
        "verb": "deploy", "reason": "web: image", "who": "ops", "message": "", "since": NOW - 600, "ended": NOW - 500
    }  # fmt: skip
    return ReleaseFacts(number, state, **{**facts, **changed})


def change(state: str = "done", verb: str = "deploy", **changed: Any) -> ChangeFacts:
    facts: dict[str, Any] = {
        "reason": "release 3", "who": "ops", "message": "", "began": NOW - 600, "ended": NOW - 500, "changes": 4
    }  # fmt: skip
    return ChangeFacts("7", verb, state=state, **{**facts, **changed})


def stack(*services: ServiceFacts, **changed: Any) -> StackFacts:
    facts: dict[str, Any] = {
        "name": "shop", "target": "local", "wanted": True, "since": NOW - 9000, "users": 1000, "headroom": 10.0,
        "price": PriceFacts(20.0, 200.0, 100.0, 12.5), "releases": (release(),), "changes": (change(),),
    }  # fmt: skip
    return StackFacts(services=services or (service(),), **{**facts, **changed})


def alert(kind: Any = "errors", **changed: Any) -> Alert:
    change = LastChange("7", "deploy", NOW - 600, "release 3", "ops", "tenfold rollback shop 2")
    facts: dict[str, Any] = {
        "id": "0123456789ab", "stack": "shop", "where": "web", "what": "5 of 100 requests fail.", "todo": "Look at it.",
        "since": NOW - 300, "raised": NOW - 200, "change": change,
    }  # fmt: skip
    return Alert(kind=kind, **{**facts, **changed})
