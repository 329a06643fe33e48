"""The log of a flow run, read line by line while it grows."""

from dataclasses import dataclass, field

from deployments.cli.following.prefect_api import LogLine, RunApi


@dataclass(slots=True)
class LogReader:
    """The lines of one run, each of them once."""

    api: RunApi
    run_id: str
    _after: str | None = None
    """The moment of the newest line. It is asked for again, since later lines may have the same moment."""
    _read: set[str] = field(default_factory=set)

    def next_page(self) -> list[LogLine]:
        """The lines that are new in Prefect's next answer. Raises ServerError if it does not answer."""
        lines = [line for line in self.api.logs(self.run_id, self._after) if line.id not in self._read]
        if lines:
            self._after = lines[-1].at
        self._read |= {line.id for line in lines}
        return lines
