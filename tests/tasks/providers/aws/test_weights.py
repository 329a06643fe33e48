"""How a route on AWS shares requests among releases: a canary has its percentage, and the others the rest."""

from typing import Any

import pytest

from infra_specs.resources.resource import Ref, Resource, Setting
from tasks.providers.aws.kinds.route import NOBODY, action_of

pytestmark = pytest.mark.pure

WEB, CANARY = Ref("service/web", "endpoint"), Ref("service/web.canary", "endpoint")


def shares(endpoints: list[Setting], weights: dict[str, Setting] | None = None) -> dict[str, Any]:
    settings: dict[str, Setting] = {"endpoints": endpoints, **({"weights": weights} if weights else {})}
    route = Resource("shop", "route/web", "route", settings).resolved(str)
    groups = action_of(route)["ForwardConfig"]["TargetGroups"]
    return {group["TargetGroupArn"]: group["Weight"] for group in groups}


@pytest.mark.parametrize("percent", [1, 10, 50, 99])
def test_a_canary_has_its_percentage(percent: int) -> None:
    assert shares([WEB, CANARY], {CANARY.address: percent}) == {str(WEB): 100 - percent, str(CANARY): percent}


def test_without_a_canary_one_release_has_all() -> None:
    assert shares([WEB]) == {str(WEB): 100}


def test_a_service_without_a_copy_answers_by_itself() -> None:
    route = Resource("shop", "route/web", "route", {"endpoints": []}).resolved(str)
    assert action_of(route) == NOBODY
