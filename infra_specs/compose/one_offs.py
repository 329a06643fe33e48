"""Services of a Compose file that end before others start: what a stack has as `before`."""

from collections.abc import Iterator, Mapping
from typing import Any

from infra_specs.compose.not_carried import NotCarried
from infra_specs.compose.secret_values import masked_words
from infra_specs.compose.service import words_of

_ENDED = "service_completed_successfully"


def one_offs(services: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """The services that one of the same image waits for, each with the first that does so.

    A service that waits for two of them takes the first: `before` is one command.
    """
    chosen: dict[str, str] = {}
    for name, service in services.items():
        for other in _waits_for(service):
            once = services.get(other, {})
            if other in chosen or name in chosen.values() or not _is_same_image(service, once):
                continue
            if words_of(once.get("command")) and not once.get("ports") and not words_of(once.get("entrypoint")):
                chosen[other] = name
    return chosen


def before_of(service: Mapping[str, Any], keys: Mapping[str, Any]) -> dict[str, Any]:
    """`before`, of the service that runs once. `keys` are those of the service that waits for it."""
    entrypoint = {} if "entrypoint" in keys or "command" in keys else {"entrypoint": "image"}
    return {**entrypoint, "before": masked_words(words_of(service.get("command")))}


def waits_not_carried(name: str, service: Mapping[str, Any], taken: Mapping[str, str]) -> Iterator[NotCarried]:
    """The services that this one waits for, but those that became its `before`."""
    for other in _waits_for(service):
        if taken.get(other) != name:
            yield NotCarried(
                f"services.{name}.depends_on.{other}",
                "services start side by side, and none waits for another to end",
                f"give the command of {other} as `before`, and leave {other} out",
            )


def _waits_for(service: Mapping[str, Any]) -> Iterator[str]:
    depends_on = service.get("depends_on") or {}
    for other, condition in depends_on.items() if isinstance(depends_on, dict) else ():
        if isinstance(condition, dict) and condition.get("condition") == _ENDED:
            yield str(other)


def _is_same_image(service: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return bool(other) and all(service.get(key) == other.get(key) for key in ("image", "build"))
