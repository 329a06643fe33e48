"""A route as every target wants it, in the stack of the tests."""

from typing import Any

from infra_specs.resources.instance import Instance
from infra_specs.resources.resource import Resource, Setting

stack = "shop"


def route(*replicas: Instance, service: str = "web", stack: str = stack, **changed: Any) -> Resource:
    settings: dict[str, Setting] = {
        "service": service,
        "host": "*",
        "path": "/",
        "public": False,
        "health": "/healthz",
        "endpoints": [replica.outputs["endpoint"] for replica in replicas],
        **changed,
    }
    return Resource(stack, f"route/{service}", "route", settings, mutable=tuple(settings), after=("proxy/main",))
