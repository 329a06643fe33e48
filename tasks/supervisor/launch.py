"""A request to start one program under an owner, as it passes from a supervisor to its launcher."""

import json
import os
import pwd
from dataclasses import dataclass, replace

from tasks.supervisor.mark import VARIABLE
from tasks.supervisor.process import Process
from tasks.supervisor.serialization import process_from, process_to


class CannotStart(Exception):
    """The program could not be run; the message says why."""


@dataclass(frozen=True, slots=True)
class Launch:
    """`argv`, run as `process` would be run, with `mark` in its environment."""

    process: Process
    argv: tuple[str, ...]
    mark: str

    def to_text(self) -> bytes:
        marked = replace(self.process, env={**self.process.env, VARIABLE: self.mark})
        return json.dumps([process_to(marked), self.argv, self.mark]).encode()

    @classmethod
    def from_text(cls, text: bytes) -> "Launch":
        process, argv, mark = json.loads(text)
        return cls(process_from(process), tuple(argv), mark)


def account_of(process: Process) -> pwd.struct_passwd | None:
    """The account that it becomes; None is our own. CannotStart if this machine has it no more."""
    if not process.user or os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam(process.user)
    except KeyError:
        raise CannotStart(f"could not be started: this machine has no account {process.user} any more") from None
