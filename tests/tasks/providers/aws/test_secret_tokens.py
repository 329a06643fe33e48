"""By which token AWS knows a secret's text: the same after a lost answer, another one when a text comes back."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest

from infra_specs.resources.instance import Instance
from infra_specs.resources.resource import Resource
from tasks.providers.aws import tags
from tasks.providers.aws.client import AwsClient
from tasks.providers.aws.kinds.secret import Secret

pytestmark = pytest.mark.pure

FIRST = Resource("shop", "secret/web-key", "secret", {"text": "first"}, mutable=("text",))
SECOND = replace(FIRST, settings={"text": "second"}, digests={})


class Secrets(AwsClient):
    """One secret. As AWS does, it leaves a version alone that was written before, and the current one current."""

    def __init__(self) -> None:
        super().__init__("eu-central-1")
        self.versions: dict[str, str] = {}
        self.current = ""

    def call(self, service: str, operation: str, /, **parameters: Any) -> Mapping[str, Any]:
        if operation in ("create_secret", "put_secret_value") and parameters["ClientRequestToken"] not in self.versions:
            self.current = parameters["ClientRequestToken"]
            self.versions[self.current] = parameters["SecretString"]
        return {}

    def pages(self, service: str, operation: str, key: str, /, **parameters: Any) -> Iterator[Mapping[str, Any]]:
        stages = {version: ["AWSCURRENT"] if version == self.current else [] for version in self.versions}
        yield {
            "Name": "tenfold/shop/secret/web-key/1", "ARN": "arn:key", "SecretVersionsToStages": stages,
            "Tags": tags.as_list(tags.tags_of(FIRST, 1)),
        }  # fmt: skip

    @property
    def text(self) -> str:
        return self.versions[self.current]


def look(aws: Secrets) -> Instance:
    (instance,) = Secret(aws).list("shop")
    return instance


def test_a_text_that_comes_back_is_current_again() -> None:
    aws = Secrets()
    Secret(aws).create(FIRST, 1)
    for resource in (SECOND, FIRST, SECOND, FIRST):
        Secret(aws).update(look(aws), resource)
        assert aws.text == resource.settings["text"]


def test_after_a_lost_answer_there_is_no_second_version() -> None:
    aws = Secrets()
    before = Secret(aws).create(FIRST, 1)
    Secret(aws).create(FIRST, 1)
    Secret(aws).update(before, SECOND)
    Secret(aws).update(before, SECOND)
    assert len(aws.versions) == 2
    assert aws.text == "second"
