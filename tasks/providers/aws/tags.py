"""What we write on things of AWS: whose they are, and what is recorded of them, in tags of 256 characters.

A record is cut into pieces, each `2/3:...`: so pieces of a longer record that is no more are not read.
"""

import base64
import json
import re
import zlib
from collections.abc import Iterable, Mapping
from typing import Any

from infra_specs.errors import ProviderError
from infra_specs.resources.instance import Health, Instance
from infra_specs.resources.resource import Resource
from tasks.providers.labels import instance_of, labels_of

STACK, ADDRESS, INCARNATION, PART = "tenfold:stack", "tenfold:address", "tenfold:incarnation", "tenfold:part"
_RECORD = "tenfold:record"
_PIECE = re.compile(r"([0-9]+)/([0-9]+):(.*)")
_LARGEST = 240
MOST_PIECES = 30
"""AWS takes 50 tags of a thing; some are the user's own, or its account's."""


def tags_of(resource: Resource, incarnation: int, outputs: Mapping[str, str] | None = None) -> dict[str, str]:
    """The tags of the thing that a resource is. No setting is among them, so no secret either."""
    record = json.dumps(labels_of(resource, incarnation, outputs or {}), separators=(",", ":")).encode()
    text = base64.urlsafe_b64encode(zlib.compress(record, 9)).decode()
    pieces = [text[begin : begin + _LARGEST] for begin in range(0, len(text), _LARGEST)]
    if len(pieces) > MOST_PIECES:
        raise ProviderError(
            f"{resource.address}: what is recorded of it needs {len(pieces)} tags. Give it fewer settings."
        )
    numbered = {f"{_RECORD}.{index}": f"{index}/{len(pieces)}:{piece}" for index, piece in enumerate(pieces)}
    return {**part_tags(resource.stack, resource.address, incarnation), **numbered}


def part_tags(stack: str, address: str, incarnation: int, part: str = "") -> dict[str, str]:
    """The tags of what belongs to a thing: whose it is, and which part."""
    tags = {STACK: stack, ADDRESS: address, INCARNATION: str(incarnation)}
    return {**tags, PART: part} if part else tags


def instance_of_tags(
    tags: Mapping[str, str], health: Health, outputs: Mapping[str, str] | None = None
) -> Instance | None:
    """The instance that was tagged so; None for what is not ours, or only a part of ours."""
    labels = _record(tags)
    if labels is None or PART in tags:
        return None
    return instance_of({**labels, "outputs": {**labels["outputs"], **(outputs or {})}}, health)


def of(tags: Mapping[str, str], stack: str, address: str | None = None, incarnation: int | None = None) -> bool:
    """Whether a thing with these tags is the stack's, and at this address and of this incarnation if they are given."""
    return (
        tags.get(STACK) == stack
        and address in (None, tags.get(ADDRESS))
        and (incarnation is None or tags.get(INCARNATION) == str(incarnation))
    )


def as_list(tags: Mapping[str, str], key: str = "Key", value: str = "Value") -> list[dict[str, str]]:
    """Tags as most services take them."""
    return [{key: name, value: text} for name, text in tags.items()]


def as_mapping(tags: Iterable[Mapping[str, str]] | None, key: str = "Key", value: str = "Value") -> dict[str, str]:
    """Tags as most services give them."""
    return {tag[key]: tag[value] for tag in tags or ()}


def _record(tags: Mapping[str, str]) -> dict[str, Any] | None:
    pieces = {}
    first = _PIECE.fullmatch(tags.get(f"{_RECORD}.0", ""))
    if first is None or STACK not in tags:
        return None
    for index in range(int(first[2])):
        piece = _PIECE.fullmatch(tags.get(f"{_RECORD}.{index}", ""))
        if piece is None or piece[2] != first[2]:
            raise ProviderError(
                f"what is recorded of {tags.get(ADDRESS)} is broken: tag {_RECORD}.{index} is not as written"
            )
        pieces[index] = piece[3]
    try:
        text = zlib.decompress(base64.urlsafe_b64decode("".join(pieces.values())))
        record: dict[str, Any] = json.loads(text)
    except (ValueError, zlib.error) as error:
        raise ProviderError(f"what is recorded of {tags.get(ADDRESS)} is broken: {error}") from error
    return record
