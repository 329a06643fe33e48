"""Stacks on AWS for tests."""

import json
from typing import Any

from infra_specs.stackfile.models.stack import Stack
from infra_specs.stackfile.reading.load import load

WEB: dict[str, Any] = {"image": "shop:1", "port": 80, "public": True}


def on_aws(region: str = "eu-central-1", *, target: dict[str, Any] | None = None, **written: Any) -> Stack:
    """`shop` on AWS with one public service, changed by `written`; read as a file is."""
    whole = {
        "name": "shop",
        "target": {"provider": "aws", "region": region, **(target or {})},
        "services": {"web": WEB},
        **written,
    }
    return load(json.dumps(whole))
