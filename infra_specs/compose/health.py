"""The health check of a service of a Compose file, and its durations within the bounds of a stack file."""

import re
from collections.abc import Mapping
from typing import Any

from infra_specs.compose.amounts import seconds_of
from infra_specs.compose.not_carried import NotCarried
from infra_specs.stackfile.models.units import duration_text

LONGEST = 3600
_ASKED = re.compile(
    r"https?://(?:localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1\])(?::(?P<port>\d+))?(?P<path>/[\w./-]*)?(?P<query>\?)?"
)
BY_A_PATH = "let a path answer 200 when it is ready, and give it as `health`"
OWN_PACE = ("a replica is asked at a pace of Tenfold's own", "give `health: {path: /, interval: 2s}`, or leave it out")


def health_keys(name: str, service: Mapping[str, Any], port: int | None, lost: list[NotCarried]) -> dict[str, Any]:
    """`health` and `start` of a service with a port; of one without, a check is named as not carried over."""
    path, check = f"services.{name}.healthcheck", service.get("healthcheck") or {}
    if port is None:
        if check and not check.get("disable"):
            lost.append(NotCarried(path, "only a service that has a port is asked", "leave it out"))
        return {}
    test = check.get("test") or ""
    text = test if isinstance(test, str) else " ".join(map(str, test))
    asked = _ASKED.search(text)
    keys: dict[str, Any] = {"health": (asked["path"] or "/") if asked else "/"}
    if check.get("disable") or text == "NONE":
        lost.append(NotCarried(path, "each service with a port is asked, at / unless `health` says where", BY_A_PATH))
    elif text and not asked:
        lost.append(NotCarried(f"{path}.test", "a replica is asked over HTTP, by no command", BY_A_PATH))
    elif asked and (asked["query"] or int(asked["port"] or port) != port):
        why = f"a replica is asked at its port {port}, by a path without a query"
        lost.append(NotCarried(f"{path}.test `{asked[0]}`", why, BY_A_PATH))
    lost += [
        NotCarried(f"{path}.{key}", *OWN_PACE)
        for key in ("interval", "timeout", "retries", "start_interval")
        if check.get(key) is not None
    ]
    if start := check.get("start_period"):
        keys["start"] = bounded_duration(f"{path}.start_period", start, 1, lost)
    return keys


def bounded_duration(path: str, value: Any, least: int, lost: list[NotCarried]) -> str:
    """The duration within the bounds of a stack file; one beyond them is said."""
    seconds = seconds_of(value) or 0.0
    bounded = min(max(seconds, least), LONGEST)
    if bounded != seconds:
        why = f"it is between {duration_text(least) if least else '0s'} and {duration_text(LONGEST)}"
        lost.append(NotCarried(f"{path} `{value}`", f"{why}, so {duration_text(bounded)} is taken", "leave it so"))
    return duration_text(bounded)
