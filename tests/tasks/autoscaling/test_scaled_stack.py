"""Which services of a stack a check decides on, and where it asks after each."""

import pytest

from infra_specs.stackfile.reading.load import load
from tasks.autoscaling.measure import _sources
from tasks.autoscaling.scaled_stack import ScaledStack
from tasks.ledger import StackRecord
from tasks.metrics import SourceConfig

pytestmark = pytest.mark.pure

SPEC = """\
name: shop
target: {provider: memory}
services:
  web: {command: app, port: 8000}
  api: {command: app, port: 8000, route: {path: /api}, scaling: {metrics: {prometheus: http://p:9090, cpu: avg(cpu)}}}
  mailer:
    command: app
    replicas: {max: 9}
    scaling: {queue: 100, metrics: {prometheus: http://p:9090, queue: sum(waiting)}}
  sweeper: {command: app}
"""


def test_a_worker_is_decided_on_when_queries_tell_of_it() -> None:
    stack = load(SPEC)
    subject = ScaledStack.of(
        StackRecord("shop", stack.model_dump(mode="json", by_alias=True), "/", "memory", True, 0.0)
    )
    assert subject.scaled_services == ("web", "api", "mailer")
    services = stack.services
    assert _sources(subject) == {
        "web": SourceConfig(routed=True),
        "api": SourceConfig(routed=True, metrics=services["api"].scaling.metrics),
        "mailer": SourceConfig(routed=False, metrics=services["mailer"].scaling.metrics),
    }
