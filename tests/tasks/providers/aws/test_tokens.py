"""Tokens of calls that must not count twice: the same after a lost answer, another one for a name that comes back."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from infra_specs.resources.resource import Resource
from tasks.providers.aws.client import AwsClient
from tasks.providers.aws.kinds.job import Job
from tasks.providers.aws.task_definition import LATE_SECONDS, deregister

pytestmark = pytest.mark.pure

JOB = Resource(
    "shop", "job/before-web", "job",
    {
        "image": "shop:1", "command": ["migrate"], "env": {}, "secrets": {}, "cpu": 256, "memory": 512, "role": "arn",
        "processor": "arm64", "subnets": "subnet-1", "group": "sg-1", "public_address": True, "cluster": "tenfold-shop",
        "logs": "/tenfold/shop/logs/main/1",
    },
)  # fmt: skip


class Definitions(AwsClient):
    """Knows the definitions that it was told of, and shows no task: its list is late."""

    def __init__(self) -> None:
        super().__init__("eu-central-1")
        self.tokens: list[str] = []
        self.active: dict[str, tuple[Mapping[str, Any], float]] = {}
        self._revisions = 0
        self.moment = 1_000.0

    def call(self, service: str, operation: str, /, **parameters: Any) -> Mapping[str, Any]:
        if operation == "register_task_definition":
            self._revisions += 1
            arn = f"arn:aws:ecs:eu-central-1:1:task-definition/{parameters['family']}:{self._revisions}"
            self.active[arn] = parameters, self.moment
            return {"taskDefinition": {"taskDefinitionArn": arn}}
        if operation == "describe_task_definition":
            told, moment = self.active[parameters["taskDefinition"]]
            registered = datetime.fromtimestamp(moment, UTC)
            return {"taskDefinition": {"registeredAt": registered}, "tags": told["tags"]}
        if operation == "deregister_task_definition":
            del self.active[parameters["taskDefinition"]]
            return {}
        assert (service, operation) == ("ecs", "run_task")
        self.tokens.append(parameters["clientToken"])
        return {"tasks": [{"lastStatus": "PENDING"}], "failures": []}

    def pages(self, service: str, operation: str, key: str, /, **parameters: Any) -> Any:
        assert operation == "list_task_definitions"
        return iter(list(self.active))


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Definitions:
    definitions = Definitions()
    monkeypatch.setattr("tasks.providers.aws.task_definition.now", lambda: definitions.moment)
    return definitions


def test_after_a_lost_answer_the_token_is_the_same(aws: Definitions) -> None:
    Job(aws, "eu-central-1").create(JOB, 1)
    Job(aws, "eu-central-1").create(JOB, 1)
    assert len(aws.tokens) == 2
    assert len(set(aws.tokens)) == 1
    assert len(aws.active) == 1


def test_a_name_that_comes_back_has_another_token(aws: Definitions) -> None:
    Job(aws, "eu-central-1").create(JOB, 1)
    deregister(aws, "shop", "job/before-web", 1)
    Job(aws, "eu-central-1").create(JOB, 1)
    assert len(set(aws.tokens)) == 2


def test_other_settings_have_another_token(aws: Definitions) -> None:
    Job(aws, "eu-central-1").create(JOB, 1)
    other = Resource("shop", "job/before-web", "job", {**JOB.settings, "command": ["other"]})
    Job(aws, "eu-central-1").create(other, 1)
    assert len(set(aws.tokens)) == 2


def test_long_after_it_aws_has_forgotten_the_task_and_a_new_one_is_made(aws: Definitions) -> None:
    Job(aws, "eu-central-1").create(JOB, 1)
    aws.moment += LATE_SECONDS + 1
    Job(aws, "eu-central-1").create(JOB, 1)
    assert len(set(aws.tokens)) == 2
