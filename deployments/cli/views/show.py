"""The spec of a stack as it is wanted now."""

import yaml

from deployments.cli.installation import open_installation
from deployments.cli.terminal.words import clock_time
from tasks.stack.record import recorded_spec


def show(stack: str) -> None:
    """`tenfold show`: without what is so by default, and with the counts that were asked for since as comments."""
    with open_installation() as place:
        recorded_spec(place.ledger, stack)
        known = place.ledger.stack_record(stack)
    assert known is not None
    wanted = known.stack()
    spec = wanted.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    for need, settings in spec.get("needs", {}).items():
        spec["needs"][need] = settings or getattr(wanted.needs, need).engine
    for service in spec["services"].values():
        if "build" in service:
            service.pop("image", None)  # what it was built as; a file says one of the two
    print(f"# Relative paths start at {known.source}")
    if not known.wanted:
        print(f"# Torn down {clock_time(known.since)}")
    for service, asked in known.overrides.items():
        print(f"# {asked.reason} ({clock_time(asked.since)})" if asked.reason else f"# {service}: {asked.replicas}")
    print(yaml.safe_dump(spec, sort_keys=False, allow_unicode=True), end="")
