"""What CloudWatch has of a stack's services: three metrics of each target group, asked once a minute.

Each question costs, and its answer takes longer than a check may wait. So a check gets the last answer, and the next
one is fetched beside it. Readers live as long as the process: targets are opened anew for each check.
"""

from collections.abc import Mapping
from concurrent.futures import Future
from contextlib import suppress
from datetime import UTC, datetime
from functools import cache
from threading import Lock
from typing import Any, TypeAlias

from infra_specs.resources.services import service_of
from infra_specs.scaling.measurement import Measurement
from infra_specs.scaling.minutes import MINUTE, STALE_SECONDS, Minutes, newest_minute
from tasks.base.clock import now
from tasks.base.daemon_pool import DaemonPool
from tasks.providers.aws import tags
from tasks.providers.aws.balancing import batches
from tasks.providers.aws.client import AwsClient
from tasks.providers.aws.kinds.target_group import groups_of

METRICS = {"requests": ("RequestCount", "Sum"), "seconds": ("TargetResponseTime", "Sum"),
           "healthy": ("HealthyHostCount", "Minimum")}  # fmt: skip
"""Field of `Minutes` -> the metric of a balancer, and its statistic."""
LOOKED_BACK = STALE_SECONDS + 3 * MINUTE
MOST_WAIT = 0.8
_MOST_QUERIES = 500
Groups: TypeAlias = Mapping[str, list[Minutes]]


class CloudWatchMeasures:
    """The part `measures` of a target in one region."""

    period = MINUTE

    def __init__(self, region: str, profile: str | None) -> None:
        self._region, self._profile = region, profile

    def measured(self, stack: str) -> Mapping[str, Measurement]:
        """The newest minute of each service. Raises the error of the last question."""
        groups = _reader(self._region, self._profile).latest(stack)
        measured = {service: newest_minute(minutes, now()) for service, minutes in groups.items()}
        return {service: minute for service, minute in measured.items() if minute is not None}


class Reader:
    """Asks in threads of its own, no oftener than once a minute for each stack."""

    def __init__(self, aws: AwsClient) -> None:
        self._aws, self._pool, self._lock = aws, DaemonPool(4, "cloudwatch"), Lock()
        self._asked: dict[str, tuple[float, Future[Groups]]] = {}
        self._known: dict[str, Groups] = {}

    def latest(self, stack: str) -> Groups:
        """The last answer; a stack that was never asked for is waited for a moment. Raises the error of a question."""
        with self._lock:
            moment, question = self._asked.get(stack, (float("-inf"), None))
            if question is None or (question.done() and now() - moment >= MINUTE):
                question = self._pool.submit(read_groups, self._aws, stack)
                self._asked[stack] = now(), question
        with suppress(TimeoutError):
            self._known[stack] = question.result(timeout=0 if stack in self._known else MOST_WAIT)
        return self._known.get(stack, {})


def read_groups(aws: AwsClient, stack: str) -> Groups:
    """Service -> the points of each of its target groups. Blocks; raises as `AwsClient.call` does."""
    groups: list[tuple[str, dict[str, str]]] = []
    for group, written in groups_of(aws, stack):
        service = service_of(written[tags.ADDRESS])
        for balancer in group.get("LoadBalancerArns", ()):
            if service is not None:
                names = {
                    "LoadBalancer": _name(balancer, "loadbalancer/"),
                    "TargetGroup": _name(group["TargetGroupArn"]),
                }
                groups.append((service, names))
    points: list[dict[str, dict[float, float]]] = [{} for _ in groups]
    asked = [(place, metric) for place in range(len(groups)) for metric in METRICS]
    for batch in batches(asked, _MOST_QUERIES):
        queries = {f"q{place}_{metric}": _query(metric, groups[place][1]) for place, metric in batch}
        answers = aws.pages(
            "cloudwatch", "get_metric_data", "MetricDataResults",
            MetricDataQueries=[{"Id": key, "MetricStat": query} for key, query in queries.items()],
            StartTime=_at(now() - LOOKED_BACK), EndTime=_at(now()),
        )  # fmt: skip
        for answer in answers:
            place, _, metric = str(answer["Id"]).removeprefix("q").partition("_")
            stamps = (stamp.timestamp() for stamp in answer["Timestamps"])
            points[int(place)].setdefault(metric, {}).update(zip(stamps, answer["Values"], strict=True))
    by_service: dict[str, list[Minutes]] = {}
    for (service, _), found in zip(groups, points, strict=True):
        by_service.setdefault(service, []).append(Minutes(**found))
    return by_service


@cache
def _reader(region: str, profile: str | None) -> Reader:
    return Reader(AwsClient(region, profile))


def _query(metric: str, names: Mapping[str, str]) -> dict[str, Any]:
    name, statistic = METRICS[metric]
    dimensions = [{"Name": key, "Value": value} for key, value in names.items()]
    of = {"Namespace": "AWS/ApplicationELB", "MetricName": name, "Dimensions": dimensions}
    return {"Metric": of, "Period": round(MINUTE), "Stat": statistic}


def _name(arn: str, prefix: str = "") -> str:
    """What metrics call it: `app/name/id` of a balancer, `targetgroup/name/id` of a group."""
    return arn.rpartition(":")[2].removeprefix(prefix)


def _at(moment: float) -> datetime:
    return datetime.fromtimestamp(moment, UTC)
