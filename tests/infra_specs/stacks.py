"""Whole stacks for tests, from a few words."""

from typing import Any

from infra_specs.stackfile.models.stack import Stack


def a_stack(**written: Any) -> Stack:
    """`shop` on the memory target with one service, changed by `written`."""
    return Stack.model_validate(
        {
            "name": "shop",
            "target": {"provider": "memory"},
            "services": {"web": {"command": "run", "port": 80}},
            **written,
        }
    )
