"""Another process at the ledger: it does what it is told by line, and answers each line with one line of JSON."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

from tasks.base.settings import Settings
from tasks.ledger import Lease, Ledger, Owner

change = {"action": "create", "address": "replica/web-0", "reason": "missing", "text": "+ replica/web-0 (missing)"}


class Child:
    """Such a process, from outside."""

    def __init__(self, within: Sequence[str] = ()) -> None:
        argv = [*within, sys.executable, "-m", "tests.tasks.ledger.child"]
        self.process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def tell(self, *words: Any) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(words) + "\n")
        self.process.stdin.flush()

    def answer(self) -> Any:
        assert self.process.stdout is not None
        return json.loads(self.process.stdout.readline())

    def ask(self, *words: Any) -> Any:
        self.tell(*words)
        return self.answer()

    def signal(self, number: signal.Signals) -> None:
        os.kill(self.process.pid, number)

    def end(self) -> None:
        self.process.kill()
        self.process.communicate()


class Told:
    """Such a process, from inside."""

    ledger: Ledger
    lease: Lease
    run: str

    def open(self, home: str, url: str) -> str:
        self.ledger = Ledger.open(Settings(home=home, ledger_url=url))
        return "open"

    def close(self) -> str:
        self.ledger.close()
        return "closed"

    def acquire(self, stack: str, lease_seconds: float) -> int:
        self.lease = self.ledger.locks.acquire(stack, Owner.here("provision"), lease_seconds)
        return self.lease.fence

    def begin(self) -> str:
        self.run = self.ledger.runs.begin(self.lease, "provision", "asked for", {})
        return self.run

    def intend(self) -> str:
        return self.ledger.runs.intend(self.lease, self.run, change)

    def live(self, flow_run: str, lease_seconds: float) -> None:
        self.ledger.liveness.begin(flow_run, Owner.here("provision"), lease_seconds)

    def renew_life(self, flow_run: str, lease_seconds: float) -> None:
        self.ledger.liveness.renew(flow_run, lease_seconds)

    def check(self) -> None:
        self.ledger.locks.check(self.lease)

    def renew(self) -> None:
        self.ledger.locks.renew(self.lease)

    def release(self) -> None:
        self.ledger.locks.release(self.lease)

    def work(self, stack: str, times: int) -> str:
        """A whole run of that many changes, with its lock."""
        self.acquire(stack, 600)
        self.begin()
        for _ in range(times):
            self.ledger.runs.outcome(self.lease, self.intend(), "done", "", 0.1)
        self.ledger.runs.finish(self.lease, self.run, "done", "all of it")
        self.release()
        return self.run

    def secrets(self, stack: str, name: str, times: int) -> list[int]:
        return [self.ledger.secrets.set(stack, name, f"{os.getpid()}-{n}") for n in range(times)]

    def ensure(self, stack: str, name: str) -> int:
        lease = self.ledger.locks.acquire(f"{stack}-{os.getpid()}", Owner.here("provision"), 600)
        return self.ledger.secrets.ensure(lease, stack, name)


def main() -> None:
    told = Told()
    for line in sys.stdin:
        verb, *rest = json.loads(line)
        try:
            answer = getattr(told, verb)(*rest)
        except Exception as error:  # whatever it is, the test wants to see it
            answer = f"{type(error).__name__}: {error}"
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
