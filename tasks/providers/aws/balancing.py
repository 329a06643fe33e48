"""What load balancers of AWS have in common: their tags in batches, since no list of theirs has any."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from tasks.providers.aws import tags
from tasks.providers.aws.client import AwsClient

BATCH = 20
"""So many things AWS tells the tags of in one call."""
T = TypeVar("T")


def with_tags(
    aws: AwsClient, things: Iterable[Mapping[str, Any]], arn_key: str
) -> Iterator[tuple[Mapping[str, Any], Mapping[str, str]]]:
    """Each thing and its tags, in their order."""
    listed = list(things)
    for batch in batches(listed, BATCH):
        answer = aws.call("elbv2", "describe_tags", ResourceArns=[thing[arn_key] for thing in batch])
        by_arn = {each["ResourceArn"]: tags.as_mapping(each["Tags"]) for each in answer["TagDescriptions"]}
        for thing in batch:
            yield thing, by_arn.get(thing[arn_key], {})


def batches(things: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """The same things, at most so many at a time."""
    for begin in range(0, len(things), size):
        yield things[begin : begin + size]
