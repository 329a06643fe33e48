"""The text of a stack file, with comments that teach."""

from collections.abc import Iterator
from typing import Any

import yaml

from infra_specs.projects.draft import Draft, DraftService

NEED_COMMENTS = {
    "database": ("postgres", "the app finds it in DATABASE_URL"),
    "cache": ("valkey", "the Redis protocol, in CACHE_URL; forgets the least used when it is full"),
    "queue": ("valkey", "the same for jobs, in QUEUE_URL; forgets nothing"),
}
TARGET_COMMENTS = {
    "local": "supervised processes on this machine",
    "docker": "containers on the Docker Engine of this machine, or the one in DOCKER_HOST",
}


def draft_text(draft: Draft, name: str, monthly_users: int, schema: str) -> str:
    """The stack file. `schema` is the path of the JSON Schema that editors complete and check it by."""
    return "\n".join(_lines(draft, name, monthly_users, schema)) + "\n"


def _lines(draft: Draft, name: str, monthly_users: int, schema: str) -> Iterator[str]:
    yield f"# yaml-language-server: $schema={schema}"
    yield "# What would be built, why, and what it costs: tenfold plan stack.yaml"
    yield "# Build it: tenfold up"
    yield f"name: {inline(name)}"
    yield f"target: {inline({'provider': draft.provider, **draft.ports})} # {TARGET_COMMENTS[draft.provider]}"
    yield ""
    yield "services:"
    for service in draft.services:
        yield from _service_lines(service)
    if draft.needs:
        yield ""
        yield "needs:"
        for need in draft.needs:
            engine, comment = NEED_COMMENTS[need]
            yield f"  {need}: {engine} # {comment}"
    yield ""
    yield "# Today's users. Sizes follow from them, and the design is for ten times as many."
    yield f"users: {{monthly: {monthly_users}}}"


def _service_lines(service: DraftService) -> Iterator[str]:
    yield f"  {inline(service.name)}:"
    for key, value in service.keys.items():
        comment = f" # {service.comments[key]}" if key in service.comments else ""
        if isinstance(value, dict) and key in ("env", "volumes") and value:
            yield f"    {key}:{comment}"
            yield from (f"      {inline(name)}: {inline(part)}" for name, part in value.items())
        else:
            yield f"    {key}: {inline(value)}{comment}"


def inline(value: Any) -> str:
    """A value as YAML on one line."""
    text = yaml.safe_dump(value, default_flow_style=True, width=1_000_000, allow_unicode=True, sort_keys=False)
    return text.removesuffix("\n").removesuffix("...").strip()
