"""What others do with the same numbers, each with its documented defaults; `utilisation` is their one dial.

HPA: Kubernetes' controller on the rate a replica: tolerance 0.1, down to the highest of 300 s, up at most to the double
or 4 more each 15 s. KEDA hands an HPA the rate of the last 2 minutes, as its Prometheus examples ask for it. Nomad's
autoscaler, target-value: the ratio, threshold 0.01, and a cooldown of 5 minutes after any action. ECS target tracking
on CloudWatch's minutes: out after 3 minutes above the target, in after 15 below 90 % of it, then a cooldown of 300 s.
"""

import math
from collections import deque

from benchmarks.replay.rules import STEP_SECONDS, Wants

FIVE_MINUTES = 300 // STEP_SECONDS


def hpa(capacity: float, utilisation: float = 0.7, averaged_over: int = 1) -> Wants:
    recommended: deque[tuple[int, int]] = deque()
    seen: deque[float] = deque(maxlen=averaged_over)

    def wanted(step: int, count: int, rate: float) -> int:
        seen.append(rate)
        load = utilisation * capacity * count
        ratio = sum(seen) / len(seen) / load
        want = count if abs(1 - ratio) <= 0.1 else max(1, math.ceil(count * ratio - 1e-9))
        recommended.append((step, want))
        while recommended[0][0] <= step - FIVE_MINUTES:
            recommended.popleft()
        if want < count:
            return min(count, max(most for _, most in recommended))
        return min(want, max(2 * count, count + 4))

    return wanted


def keda(capacity: float, utilisation: float = 0.7) -> Wants:
    return hpa(capacity, utilisation, averaged_over=120 // STEP_SECONDS)


def nomad(capacity: float, utilisation: float = 0.7) -> Wants:
    rests_until = 0

    def wanted(step: int, count: int, rate: float) -> int:
        nonlocal rests_until
        ratio = rate / (utilisation * capacity * count)
        if step < rests_until or abs(1 - ratio) <= 0.01:
            return count
        want = max(1, math.ceil(count * ratio - 1e-9))
        if want != count:
            rests_until = step + FIVE_MINUTES
        return want

    return wanted


def ecs(capacity: float, utilisation: float = 0.7) -> Wants:
    minute: list[float] = []
    ratios: deque[float] = deque(maxlen=15)
    rests_until = 0

    def wanted(step: int, count: int, rate: float) -> int:
        nonlocal rests_until
        minute.append(rate / (utilisation * capacity * count))
        if len(minute) < 60 // STEP_SECONDS:
            return count
        ratios.append(sum(minute) / len(minute))
        minute.clear()
        recent = list(ratios)
        out = len(recent) >= 3 and min(recent[-3:]) > 1
        fewer = len(recent) == 15 and max(recent) < 0.9
        if step < rests_until or not (out or fewer):
            return count
        rests_until = step + FIVE_MINUTES
        return max(1, math.ceil(count * recent[-1] - 1e-9))

    return wanted
