"""A stack's file as plain data, with the lines that its values were written on."""

from dataclasses import dataclass, field
from typing import Any

from infra_specs.stackfile.messages.faults import Fault
from infra_specs.stackfile.messages.location import Path


@dataclass
class Document:
    """Plain data and what is known of how it was written. Data that came as JSON has no lines."""

    data: Any = None
    faults: list[Fault] = field(default_factory=list)
    broken: set[Path] = field(default_factory=set)
    """Where a fault was found already, so that what follows from it is not said as well."""
    around_broken: set[Path] = field(default_factory=set)
    """Whatever holds a broken value."""
    key_lines: dict[Path, int] = field(default_factory=dict)
    value_lines: dict[Path, int] = field(default_factory=dict)
    written: dict[Path, str] = field(default_factory=dict)
    """What stood in the file, where it was read as true or false."""
    sources: dict[Path, str] = field(default_factory=dict)
    """The file that a path was written in, where it is another than that of the rest."""

    def refuse(self, path: Path, text: str, line: int | None = None) -> None:
        """One more fault in how the document is written."""
        self.faults.append(Fault(path, text, line))
        self.broken.add(path)
        self.around_broken.update(path[:length] for length in range(len(path)))

    def at(self, path: Path) -> Any:
        """What stands at a path that `known` gave."""
        value = self.data
        for step in path:
            value = value[step]
        return value

    def source_of(self, path: Path) -> str:
        """The file that the longest written beginning of a path is in; empty for that of the document."""
        beginnings = (path[:length] for length in range(len(path), 0, -1))
        written = (part for part in beginnings if part in self.key_lines or part in self.value_lines)
        return self.sources.get(next(written, ()), "")

    def known(self, path: Path) -> Path:
        """The longest beginning of a path that was written: `database: x` for needs.database.engine."""
        value = self.data
        for count, step in enumerate(path):
            inside = step in value if isinstance(value, dict) else isinstance(value, list) and isinstance(step, int)
            if not inside:
                return path[:count]
            value = value[step]
        return path
