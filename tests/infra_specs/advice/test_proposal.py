"""What was shown, what was answered, and what is done of it by then."""

import json
from typing import Any

import pytest

from infra_specs.advice.growth import Advice
from infra_specs.advice.proposal import Proposal
from infra_specs.advice.proposed_change import propose_change, with_change
from infra_specs.errors import PlanError
from infra_specs.stackfile.models.stack import Stack
from infra_specs.stackfile.reading.load import from_data

pytestmark = pytest.mark.pure


def stack(**more: Any) -> Stack:
    web = {"command": "run", "port": 80, "capacity": 4}
    target = {"provider": "memory", "price_per_replica": 10}
    return from_data({"name": "shop", "target": target, "services": {"web": web}, "budget": 100, **more})


def advised(*changes: dict[str, Any], less: bool = False) -> list[Advice]:
    return [Advice("web", "it presses", propose_change(stack(), change, {"web": 1}), less) for change in changes]


def shown(*changes: dict[str, Any]) -> Proposal:
    """As it is kept until somebody answers."""
    return Proposal.from_data(json.loads(json.dumps(Proposal.of(stack(), advised(*changes), 5.0).as_data())))


def answered(proposal: Proposal, **typed: Any) -> dict[str, Any]:
    return proposal.asked({"approve": True, **proposal.form, **typed})


GROWTH = {"users": {"monthly": 900_000}}
MORE = {"services": {"web": {"replicas": {"max": 40}}}}


def test_what_was_shown_is_done_and_nothing_else() -> None:
    proposal = shown(GROWTH, MORE)
    assert proposal.form == {"users": 900_000, "headroom": 10, "budget": 100, "others": MORE}
    assert answered(proposal) == GROWTH | MORE
    then = with_change(stack(budget=500, headroom=20), answered(proposal))
    assert (then.users.monthly, then.budget, then.headroom) == (900_000, 500, 20), "these were raised meanwhile"


def test_what_was_typed_goes_before_what_was_advised() -> None:
    proposal = shown(GROWTH, MORE)
    assert answered(proposal, budget=90.0, users=5000) == {"users": {"monthly": 5000}, "budget": 90.0} | MORE
    assert answered(proposal, budget=0) == GROWTH | {"budget": None} | MORE
    assert answered(proposal, others={}) == GROWTH, "what was taken out of the form is not done"


def test_nothing_advised_and_nothing_typed_is_nothing() -> None:
    proposal = shown()
    assert proposal.said == "Nothing presses."
    assert answered(proposal) == {}
    assert Proposal.of(stack(), advised(GROWTH, less=True), 5.0).change == {}, "less is a person's own decision"
    assert Proposal.of(stack(budget=None), [], 5.0).form["budget"] == 0


def test_a_step_for_a_file_that_is_another_by_now_is_refused() -> None:
    proposal = shown(GROWTH, {"budget": 300})
    proposal.refuse_misfit(stack(headroom=20), answered(proposal))
    expected = "shop was changed since this step was shown: budget is 500.0 and was 100.0. Nothing was done."
    with pytest.raises(PlanError) as refused:
        proposal.refuse_misfit(stack(budget=500), answered(proposal))
    assert str(refused.value).startswith(expected)
    proposal.refuse_misfit(stack(budget=500), answered(proposal, budget=600.0))


def test_a_step_that_is_no_longer_advised_is_refused() -> None:
    proposal = shown(GROWTH)
    proposal.refuse_unadvised(answered(proposal), shown({"users": {"monthly": 950_000}}, MORE))
    with pytest.raises(PlanError, match=r"users\.monthly fits as it is"):
        proposal.refuse_unadvised(answered(proposal), shown(MORE))
