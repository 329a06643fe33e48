"""The debt register of a stack: when each debt expires, whether that stops a change, and its lines in the file."""

from dataclasses import dataclass
from datetime import date
from typing import Any

import yaml
from pydantic import ValidationError

from infra_specs.errors import PlanError, SpecError
from infra_specs.stackfile.models.stack import Debt, Stack


@dataclass(frozen=True, slots=True)
class DueDebt:
    """A debt, its number in the file from 1, and the whole days until it expires: below 0 once it has."""

    number: int
    debt: Debt
    days: int

    @property
    def expired(self) -> bool:
        """Whether its day is over. On the day itself it is due, and not expired."""
        return self.days < 0

    @property
    def due(self) -> str:
        """When it expires, in words."""
        if self.expired:
            return f"expired {_days(-self.days)} ago"
        return "expires today" if not self.days else f"until {self.debt.expires}, {_days(self.days)} left"

    def data(self) -> dict[str, Any]:
        """Plain JSON data."""
        due = {"number": self.number, "days": self.days, "expired": self.expired, "due": self.due}
        return {**due, **self.debt.model_dump(mode="json")}


def register(stack: Stack, today: date) -> tuple[DueDebt, ...]:
    """The debts of a stack, the most urgent first."""
    debts = (DueDebt(number, debt, (debt.expires - today).days) for number, debt in enumerate(stack.debts, 1))
    return tuple(sorted(debts, key=lambda debt: (debt.days, debt.number)))


def refuse_expired(stack: Stack, today: date) -> None:
    """Raise PlanError for a stack with `debts_block` and an expired debt."""
    expired = [debt for debt in register(stack, today) if debt.expired]
    if stack.debts_block and expired:
        texts = "; ".join(f"{debt.debt.what} ({debt.due})" for debt in expired)
        raise PlanError(
            f"{stack.name}: a debt has expired, and `debts_block` is true: {texts}. Pay it and take its lines out of "
            f"`debts`, or give it a later day. The lines: tenfold debt pay {stack.name} {expired[0].number}"
        )


def debt_of(**fields: str) -> Debt:
    """A debt of these texts. Raises SpecError that names what is missing or cannot be."""
    missing = [f"--{name}" for name, text in fields.items() if not text and name != "what"]
    if missing:
        raise SpecError(
            f"A debt has a day on which it expires, and says why, the plan and the impact. Give: {', '.join(missing)}."
        )
    try:
        return Debt.model_validate(fields)
    except ValidationError as error:
        faults = (f"{fault['loc'][0]}: {fault['msg'].removeprefix('Value error, ')}" for fault in error.errors())
        raise SpecError(f"This is no debt: {'; '.join(faults)}.") from None


def numbered(stack: Stack, number: int) -> Debt:
    """The debt of this number. Raises PlanError that lists those there are."""
    if not 1 <= number <= len(stack.debts):
        known = "; ".join(f"{index} {debt.what}" for index, debt in enumerate(stack.debts, 1)) or "none"
        raise PlanError(f"{stack.name} has no debt {number}. It has: {known}.")
    return stack.debts[number - 1]


def file_lines(debt: Debt) -> str:
    """The lines of a debt as they stand below `debts:` in a stack's file."""
    return yaml.safe_dump([debt.model_dump()], sort_keys=False, allow_unicode=True, width=10_000)


def _days(number: int) -> str:
    return "1 day" if number == 1 else f"{number} days"
