"""The next step as it was shown to a person, and the change that their answer asks for, however much later."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from infra_specs.advice.growth import Advice
from infra_specs.advice.proposed_change import deep_merge, flattened
from infra_specs.errors import PlanError
from infra_specs.scaling.data import known_fields
from infra_specs.stackfile.models.stack import Stack

FORM_KEYS: Mapping[str, tuple[str, ...]] = {
    "users": ("users", "monthly"),
    "headroom": ("headroom",),
    "budget": ("budget",),
}
"""What the form asks for by a name of its own, and the file's key that it is."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """What was shown. Plain JSON data throughout."""

    stack: str
    said: str
    """Each advice with its step, as Markdown."""
    change: Mapping[str, Any]
    """What is advised, as nested keys of the file."""
    was: Mapping[str, Any]
    """The file's own values of these keys, by their path."""
    form: Mapping[str, Any]
    """Each value of the form: as it is advised, or else as the file has it."""
    since: float
    """When the file was given that it was advised for."""

    @staticmethod
    def of(spec: Stack, advices: Iterable[Advice], since: float) -> "Proposal":
        """What is idle is only said: less is a person's own decision."""
        items = tuple(advices)
        change: dict[str, Any] = {}
        for advice in items:
            change = deep_merge(change, advice.step.change) if advice.step and not advice.less else change
        proposed = deep_merge(_data(spec), change)
        form = {name: _at(proposed, path) or 0 for name, path in FORM_KEYS.items()}
        form["others"] = {key: value for key, value in change.items() if key not in FORM_KEYS}
        text = "\n".join(f"- **{advice.about}**: {advice}" for advice in items) or "Nothing presses."
        return Proposal(spec.name, text, change, _values(spec, change), form, since)

    def asked(self, answer: Mapping[str, Any]) -> dict[str, Any]:
        """The change that an answer asks for: what is advised, and what the person typed differently; nothing else."""
        change = {key: value for key, value in self.change.items() if key in FORM_KEYS}
        for name, path in FORM_KEYS.items():
            if answer[name] != self.form[name]:
                change[path[0]] = {path[1]: answer[name]} if path[1:] else (answer[name] or None)
        return deep_merge(change, answer["others"])

    def refuse_misfit(self, now: Stack, change: Mapping[str, Any]) -> None:
        """Raises PlanError where the file has other values by now than those that `change` was advised for."""
        for path, value in _values(now, self._advised(change)).items():
            if value != self.was[path]:
                raise self._misfit(f"{path} is {value} and was {self.was[path]}")

    def refuse_unadvised(self, change: Mapping[str, Any], today: "Proposal") -> None:
        """Raises PlanError where something of `change` that was advised is so no more."""
        outdated = flattened(self._advised(change)).keys() - flattened(today.change).keys()
        if outdated:
            raise self._misfit(f"{', '.join(sorted(outdated))} fits as it is")

    def _advised(self, change: Mapping[str, Any]) -> dict[str, Any]:
        """What of a change is as it was advised, by path; what a person typed is their own."""
        advised = flattened(self.change)
        return {path: value for path, value in flattened(change).items() if path in advised and advised[path] == value}

    def _misfit(self, why: str) -> PlanError:
        return PlanError(
            f"{self.stack} was changed since this step was shown: {why}. Nothing was done. "
            f"Have the step of today shown: tenfold grow {self.stack}"
        )

    def as_data(self) -> dict[str, Any]:
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @staticmethod
    def from_data(data: Mapping[str, Any]) -> "Proposal":
        return Proposal(**known_fields(Proposal, data))


def _data(spec: Stack) -> dict[str, Any]:
    return spec.model_dump(mode="json", by_alias=True)


def _at(data: Any, path: Iterable[str]) -> Any:
    for key in path:
        data = data[key]
    return data


def _values(spec: Stack, change: Mapping[str, Any]) -> dict[str, Any]:
    """The file's values of what a change changes; None for what it does not say."""
    current = flattened(_data(spec))
    return {path: current.get(path) for path in flattened(change)}
