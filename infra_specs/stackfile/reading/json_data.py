"""Data that came through an API, as a document: within the same bounds, and without lines."""

from typing import Any

from infra_specs.stackfile.messages.document import Document
from infra_specs.stackfile.messages.location import Path
from infra_specs.stackfile.reading.plain_data import LONGEST_NUMBER, TOO_LONG, Walk


def from_json(data: Any) -> Document:
    """The document of plain data; whatever JSON does not have is a fault. Raises Unreadable past the bounds."""
    walk = _Json()
    walk.document.data = walk.value(data, ())
    return walk.document


class _Json(Walk):
    def value(self, data: Any, path: Path) -> Any:
        self.enter(path, None)
        if isinstance(data, str):
            return self.text(str(data), path)
        if isinstance(data, list):
            return [self.value(item, (*path, index)) for index, item in enumerate(data)]
        if isinstance(data, dict):
            return self._mapping(data, path)
        if data is None or isinstance(data, bool | float):
            return 0.0 if data == 0 and isinstance(data, float) else data  # -0 is 0
        if isinstance(data, int):
            return self._whole(data, path)
        self.document.refuse(path, f"found a value of the type {type(data).__name__}, which JSON does not have.")
        return None

    def _whole(self, number: int, path: Path) -> int | None:
        if abs(number) < 10**LONGEST_NUMBER:
            return number
        self.document.refuse(path, f"found {TOO_LONG}")
        return None

    def _mapping(self, data: dict[Any, Any], path: Path) -> dict[str, Any]:
        mapping: dict[str, Any] = {}
        for key, value in data.items():
            self.enter(path, None)
            if not isinstance(key, str):
                self.document.refuse(path, f"found a key of the type {type(key).__name__}; a key is a text.")
            elif self.text(key, path) is not None:
                mapping[key] = self.value(value, (*path, key))
        return mapping
