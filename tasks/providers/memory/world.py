"""The pretended world: one JSON file, so that killing a process spares it. Safe among threads and processes."""

import fcntl
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from infra_specs.errors import ProviderError
from infra_specs.resources.instance import Instance
from tasks.base.atomic_write import replace_file
from tasks.providers.memory.record import Record

_RECORDS = TypeAdapter(list[Record])


class World:
    """Everything that is pretended to exist below one folder, of every stack."""

    def __init__(self, home: Path) -> None:
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._file = home / "world.json"
        self._guard = home / "world.lock"
        self._here = threading.local()
        self._seen: tuple[tuple[int, int, int], dict[str, tuple[Instance, ...]]] | None = None

    def by_stack(self) -> dict[str, tuple[Instance, ...]]:
        """The whole world, read once as long as nobody changes it: a check of many stacks asks for each."""
        try:
            file = self._file.stat()
        except FileNotFoundError:
            return {}
        version = (file.st_ino, file.st_mtime_ns, file.st_size)
        if (seen := self._seen) is None or seen[0] != version:
            stacks: dict[str, list[Instance]] = {}
            for record in sorted(self.read(), key=lambda record: (record.stack, record.address, record.incarnation)):
                stacks.setdefault(record.stack, []).append(record.known)
            self._seen = seen = version, {stack: tuple(instances) for stack, instances in stacks.items()}
        return seen[1]

    def read(self) -> list[Record]:
        """Every record. Raises ProviderError for a file that is none of ours."""
        try:
            text = self._file.read_bytes()
        except FileNotFoundError:
            return []
        try:
            return _RECORDS.validate_json(text.replace(b'"durable":', b'"stateful":'))  # as older versions called it
        except ValidationError as error:
            raise ProviderError(f"the file {self._file} is broken: {error.error_count()} faults. Remove it.") from error

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Alone in this world among all threads and processes. A thread that is alone already stays so."""
        if getattr(self._here, "alone", False):
            yield
            return
        with self._guard.open("w") as guard:
            fcntl.flock(guard, fcntl.LOCK_EX)
            self._here.alone = True
            try:
                yield
            finally:
                self._here.alone = False

    @contextmanager
    def changing(self) -> Iterator[list[Record]]:
        """The records, to be changed in the block and written at its end."""
        with self.alone():
            records = self.read()
            yield records
            plain = _RECORDS.dump_python(records, mode="json", exclude_defaults=True)
            replace_file(self._file, json.dumps(plain).encode())

    def change(self, instance: Instance, to: Callable[[Record], Record | None]) -> Record | None:
        """Put what `to` makes of this incarnation's record in its place. None: it is gone, or was taken away."""
        with self.changing() as records:
            for index, record in enumerate(records):
                if record.is_of(instance):
                    changed = to(record)
                    records[index : index + 1] = [changed] if changed else []
                    return changed
        return None
