"""JSON in a column, where one broken row does not hide the others."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import JSON
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator


@dataclass(frozen=True, slots=True)
class BrokenJson:
    """What stands in place of a value that is no JSON, and why it is none."""

    why: str


class JsonColumn(TypeDecorator[Any]):
    """As JSON, but a value that cannot be read is a `BrokenJson`. Who needs that very value says so then."""

    impl = JSON
    cache_ok = True

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any] | None:
        read = super().result_processor(dialect, coltype)
        if read is None:
            return None

        def tolerant(value: Any) -> Any:
            try:
                return read(value)
            except (ValueError, TypeError, RecursionError) as error:
                return BrokenJson(str(error))

        return tolerant
