"""What tasks of a stack wrote last, as CloudWatch has it."""

from collections import deque

from infra_specs.errors import ProviderError
from tasks.providers.aws.client import AwsClient
from tasks.providers.aws.errors import is_missing
from tasks.providers.aws.names import LOG_GROUPS

MOST_EVENTS = 10_000
"""So many lines are looked through at most, from the oldest on."""


def last_lines(aws: AwsClient, stack: str, family: str, lines: int) -> str:
    """The last lines of all tasks of a definition's family, oldest first; empty if there are none."""
    found: deque[str] = deque(maxlen=lines)
    groups = aws.pages("logs", "describe_log_groups", "logGroups", logGroupNamePrefix=f"{LOG_GROUPS}{stack}/")
    for group in list(groups):
        try:
            events = aws.pages(
                "logs", "filter_log_events", "events", logGroupName=group["logGroupName"],
                logStreamNamePrefix=f"{family}/", PaginationConfig={"MaxItems": MOST_EVENTS},
            )  # fmt: skip
            found.extend(str(event["message"]) for event in events)
        except ProviderError as error:
            if not is_missing(error):
                raise
    return "\n".join(found)
