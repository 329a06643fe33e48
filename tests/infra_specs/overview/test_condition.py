"""How well a stack is, as a table."""

import pytest

from infra_specs.overview.condition import condition
from infra_specs.overview.facts import StackFacts
from infra_specs.releases.selection import ReleaseState
from tests.infra_specs.overview.facts import NOW, alert, change, release, service, stack

pytestmark = pytest.mark.pure
FAILED = release(4, ReleaseState.FAILED)


@pytest.mark.parametrize(
    ("facts", "state", "text"),
    [
        (stack(), "well", "All that is wanted serves."),
        (stack(fault="no YAML", wanted=False), "unknown", "It cannot be read: no YAML"),
        (stack(wanted=False), "down", "It is torn down."),
        (stack(service(serving=0), service(name="api", serving=0)), "failing", "No replica of web and api serves."),
        (stack(service(serving=0, wanted=0)), "well", "All that is wanted serves."),
        (stack(service(serving=0), changes=(change("running"),)), "failing", "No replica of web serves."),
        (stack(alerts=(alert(),), changes=(change("running"),)), "attention", "5 of 100 requests fail."),
        (stack(alerts=(alert("no_replica", what="None of web."),)), "failing", "None of web."),
        (stack(changes=(change("running"),)), "changing", "deploy is under way: release 3."),
        (stack(changes=(change("failed", "scale"),)), "attention", "The last run, scale, failed."),
        (stack(changes=(change("crashed"),)), "attention", "The last run, deploy, crashed."),
        (stack(changes=(change("failed", "run"), change())), "well", "All that is wanted serves."),
        (stack(changes=(), releases=()), "well", "All that is wanted serves."),
        (stack(releases=(FAILED, release())), "attention", "Release 4 failed."),
        (stack(releases=(release(4, ReleaseState.ROLLED_BACK), release())), "well", "All that is wanted serves."),
        (stack(service(serving=1)), "attention", "1 of 2 replicas of web serve."),
        (stack(service(serving=3)), "well", "All that is wanted serves."),
        (stack(service(latency_limit=0.1)), "attention", "web: slower than the file allows."),
        (stack(service(latency_limit=0.2)), "well", "All that is wanted serves."),
        (stack(service(seen=NOW - 241, serving=None)), "unknown", "web: not measured lately."),
        (stack(service(seen=None, serving=None)), "unknown", "web: not measured lately."),
        (stack(service(port=None, seen=None, serving=None)), "well", "All that is wanted serves."),
    ],
)
def test_a_stack_is(facts: StackFacts, state: str, text: str) -> None:
    seen = condition(facts, NOW)
    assert (seen.state, seen.text) == (state, text)
