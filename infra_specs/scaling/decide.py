"""recommend, anticipate, stabilize, limit: one number through small steps, each of which says why."""

import math

from infra_specs.scaling.decision import Decision, Step
from infra_specs.scaling.memory import Memory
from infra_specs.scaling.policy import Policy
from infra_specs.scaling.situation import Situation


def decide(policy: Policy, situation: Situation, memory: Memory) -> tuple[Decision, Memory]:
    """The count that `situation` asks for, and what to remember until the next check. Equal inputs, equal answers."""
    in_flight, now = situation.measured.in_flight, situation.now
    if in_flight is None or situation.measured.status != "fresh":
        step = Step("recommend", situation.wanted, "nothing was measured, so the count stays")
    else:
        count = math.ceil(in_flight / (situation.capacity * policy.utilisation) - 1e-9)
        step = Step("recommend", count, f"{in_flight:.3g} requests in flight need {count}")
    kept = tuple(one for one in memory.recommendations if one[0] > now - policy.window and one[1] > step.replicas)
    kept = (*kept, (now, step.replicas))
    highest = max(count for _, count in kept)
    stable = step.replicas if step.replicas >= situation.wanted else min(situation.wanted, highest)
    replicas = max(situation.minimum, min(stable, situation.maximum))
    said = f"{situation.service}: {situation.wanted} to {replicas} replicas: {step.reason}"
    return Decision(situation.service, now, situation.wanted, replicas, said, (step,), situation), Memory(kept)
