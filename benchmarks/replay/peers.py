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
    wishes: deque[tuple[int, int]] = deque()  # (step, wish), wishes falling: the first is the highest of the 300 s
    seen: deque[float] = deque(maxlen=averaged_over)

    def wanted(step: int, count: int, rate: float) -> int:
        seen.append(rate)
        ratio = sum(seen) / len(seen) / (utilisation * capacity) / count
        want = count if abs(1 - ratio) <= 0.1 else max(1, math.ceil(count * ratio - 1e-9))
        while wishes and wishes[-1][1] <= want:
            wishes.pop()
        wishes.append((step, want))
        while wishes[0][0] <= step - FIVE_MINUTES:
            wishes.popleft()
        if want < count:
            return min(count, wishes[0][1])
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
