"""What CloudWatch is asked, how often, and what becomes of its answers; on a stand-in that answers as AWS says."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from infra_specs.errors import ProviderError
from infra_specs.resources.resource import Resource
from infra_specs.scaling.minutes import Minutes
from tasks.providers.aws import measures, tags
from tasks.providers.aws.client import AwsClient
from tasks.providers.aws.measures import CloudWatchMeasures, Reader, read_groups
from tests.support.waiting import wait_until

pytestmark = pytest.mark.pure

NOON = 43_200.0
BALANCER = "arn:aws:elasticloadbalancing:eu-central-1:1:loadbalancer/app/tf-shop-proxy-main-1/50dc"


class Cloud(AwsClient):
    """Two services, of which web has two releases, and a group that is not ours."""

    def __init__(self) -> None:
        super().__init__("eu-central-1")
        self.questions: list[Mapping[str, Any]] = []
        self.fault: Exception | None = None
        self.groups = {f"web-{number}": ("service/web", number) for number in (1, 2)} | {"api-1": ("service/api", 1)}

    def call(self, service: str, operation: str, /, **parameters: Any) -> Mapping[str, Any]:
        assert operation == "describe_tags"
        return {"TagDescriptions": [self._tags(arn) for arn in parameters["ResourceArns"]]}

    def _tags(self, arn: str) -> dict[str, Any]:
        name = arn.split("/")[1]
        written: dict[str, str] = {}
        if name in self.groups:
            address, number = self.groups[name]
            written = {**tags.tags_of(Resource("shop", address, "service"), number), tags.PART: "group"}
        return {"ResourceArn": arn, "Tags": tags.as_list(written)}

    def pages(self, service: str, operation: str, key: str, /, **parameters: Any) -> Iterator[Any]:
        if operation == "describe_target_groups":
            arn = "arn:aws:elasticloadbalancing:eu-central-1:1:targetgroup/{}/943f"
            names = [*self.groups, "foreign"]
            return iter([{"TargetGroupArn": arn.format(name), "LoadBalancerArns": [BALANCER]} for name in names])
        self.questions.append(parameters)
        if self.fault:
            raise self.fault
        return iter([self._points(query) for query in parameters["MetricDataQueries"]])

    def _points(self, query: Mapping[str, Any]) -> dict[str, Any]:
        metric = query["MetricStat"]["Metric"]["MetricName"]
        of = {each["Name"]: each["Value"] for each in query["MetricStat"]["Metric"]["Dimensions"]}
        assert of["LoadBalancer"] == "app/tf-shop-proxy-main-1/50dc"
        assert of["TargetGroup"].startswith("targetgroup/")
        quiet = metric != "HealthyHostCount" and "web-2" in of["TargetGroup"]
        value = {"RequestCount": 600.0, "TargetResponseTime": 30.0, "HealthyHostCount": 2.0}[metric]
        stamps = [] if quiet else [datetime.fromtimestamp(NOON, UTC)]
        return {"Id": query["Id"], "Timestamps": stamps, "Values": [value] * len(stamps)}


@pytest.fixture
def moment(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    clock = [NOON + 90]
    monkeypatch.setattr(measures, "now", lambda: clock[0])
    return clock


def test_each_group_is_asked_for_three_metrics_in_one_question(moment: list[float]) -> None:
    cloud = Cloud()
    groups = read_groups(cloud, "shop")
    busy = Minutes({NOON: 600.0}, {NOON: 30.0}, {NOON: 2.0})
    assert groups == {"web": [busy, Minutes(healthy={NOON: 2.0})], "api": [busy]}
    (question,) = cloud.questions
    assert len(question["MetricDataQueries"]) == 3 * 3
    assert {query["MetricStat"]["Period"] for query in question["MetricDataQueries"]} == {60}


def test_of_another_stack_nothing_is_asked(moment: list[float]) -> None:
    cloud = Cloud()
    assert read_groups(cloud, "other") == {}
    assert cloud.questions == []


def test_it_is_asked_once_a_minute_and_tells_the_last_answer_meanwhile(moment: list[float]) -> None:
    cloud = Cloud()
    reader = Reader(cloud)
    wait_until(lambda: reader.latest("shop"), "the first answer")
    for _ in range(5):
        assert reader.latest("shop")["api"]
    assert len(cloud.questions) == 1
    moment[0] += 60
    reader.latest("shop")
    wait_until(lambda: len(cloud.questions) == 2, "the second question")


def test_an_error_is_told_and_the_question_is_asked_again(moment: list[float]) -> None:
    cloud = Cloud()
    reader = Reader(cloud)
    cloud.fault = ProviderError("AWS does not permit cloudwatch:GetMetricData here")

    def refused() -> bool:
        try:
            reader.latest("shop")
        except ProviderError:
            return True
        return False

    wait_until(refused, "the error")
    cloud.fault = None
    moment[0] += 60
    wait_until(lambda: not refused() and reader.latest("shop"), "an answer")


def test_its_measurements(moment: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    reader = Reader(Cloud())
    monkeypatch.setattr(measures, "_reader", lambda region, profile: reader)
    part = CloudWatchMeasures("eu-central-1", None)
    wait_until(lambda: part.measured("shop"), "the first answer")
    web = part.measured("shop")["web"]
    assert (web.at, web.seconds, web.requests_per_second, web.in_flight) == (NOON + 60, 60, 10.0, 0.5)
    assert (web.serving, web.status) == (4, "fresh")
