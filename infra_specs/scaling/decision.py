"""A decision: how many replicas, and why in one sentence that is shown everywhere."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from infra_specs.scaling.data import as_plain_data, known_fields
from infra_specs.scaling.scaling_input import ScalingInput


@dataclass(frozen=True, slots=True)
class Step:
    """What one step of the pipeline made of the count, and why: recommend, anticipate, stabilize, or a limit's name."""

    name: str
    replicas: int
    reason: str


@dataclass(frozen=True, slots=True)
class Decision:
    """`before` to `replicas`. `inputs` is what it was made from, so that it can be made again with another policy."""

    service: str
    at: float
    before: int
    replicas: int
    reason: str
    """One sentence: `web: 3 to 5 replicas: ...`."""
    steps: tuple[Step, ...]
    inputs: ScalingInput

    @property
    def changes(self) -> bool:
        """Whether another count is wanted from now on, by a stack that acts on it."""
        return self.replicas != self.before

    @property
    def acts(self) -> bool:
        """Whether a scale run shall start: something changes, and the stack does not only want advice."""
        return self.changes and self.inputs.mode == "act"

    def __str__(self) -> str:
        return self.reason

    def as_data(self) -> dict[str, Any]:
        """Plain JSON data, no secret in it."""
        return {
            "service": self.service,
            "at": self.at,
            "before": self.before,
            "replicas": self.replicas,
            "reason": self.reason,
            "steps": [as_plain_data(step) for step in self.steps],
            "inputs": self.inputs.as_data(),
        }

    @staticmethod
    def from_data(data: Mapping[str, Any]) -> "Decision":
        values = known_fields(Decision, data)
        values["steps"] = tuple(Step(**known_fields(Step, step)) for step in values["steps"])
        values["inputs"] = ScalingInput.from_data(values["inputs"])
        return Decision(**values)
