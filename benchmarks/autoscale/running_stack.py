"""A control plane of the benchmark's own with running stacks, their ledger and their traffic."""

import os
import shutil
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from benchmarks.control_plane import Api
from deployments.server import control_plane
from infra_specs.stackfile.models.stack import Stack
from infra_specs.stackfile.reading.load import from_data
from tasks.base.settings import settings
from tasks.ledger import KeptDecision, Ledger, Run
from tasks.providers import open_provider
from tasks.providers.seam.parts import TrafficCounts
from tests.support.homes import temporary_home

T = TypeVar("T")
SERVICE = "web"
PATIENCE = 900.0
ENDED = ("COMPLETED", "FAILED", "CRASHED", "CANCELLED")


@dataclass(frozen=True, slots=True)
class RunningStack:
    """A stack of one service, running."""

    stack: Stack
    ledger: Ledger
    traffic: TrafficCounts
    url: str

    def serving(self) -> int:
        """Replicas that the proxy takes for well."""
        found = self.traffic.counts(self.stack.name).get(SERVICE, {})
        return sum(replica.healthy for counts in found.values() for replica in counts.replicas.values())

    def decided(self, since: float) -> list[KeptDecision]:
        """The decisions that started a run since then, the first one first."""
        records = self.ledger.decisions.recent(self.stack.name, SERVICE, 100)
        return [record for record in reversed(records) if record.flow_run_id and record.decision.at > since]

    def run(self, kept: KeptDecision) -> Run | None:
        """The run that a decision started, once it has begun."""
        history = self.ledger.runs.history(self.stack.name, 50)
        return next((run for run in history if run.flow_run_id == kept.flow_run_id), None)


@contextmanager
def provisioned(*specs: Mapping[str, Any]) -> Iterator[tuple[RunningStack, ...]]:
    """An installation with these stacks, all on one target; all of it gone afterwards."""
    with temporary_home(), socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        os.environ["TENFOLD_SERVER_PORT"] = str(probe.getsockname()[1])
        probe.close()
        api = Api(control_plane.ensure())
        stacks = [from_data(dict(spec)) for spec in specs]
        provider = open_provider(stacks[0].target, settings().home)
        try:
            for spec in specs:
                done(api, "provision", {"spec": spec, "source": "/"})
            assert provider.traffic is not None
            with Ledger.open(settings()) as ledger:
                yield tuple(
                    RunningStack(stack, ledger, provider.traffic, next(
                        instance.outputs["url"] for instance in provider.observe(stack.name) if instance.kind == "route"
                    ).rstrip("/"))
                    for stack in stacks
                )  # fmt: skip
        finally:
            for stack in stacks:
                done(api, "teardown", {"stack": stack.name, "delete_data": True, "wait": True})
            provider.close()
            control_plane.stop()
            shutil.rmtree(settings().home, ignore_errors=True)


def wait_until(look: Callable[[], T | None], what: str) -> T:
    """What the look found at last. Raises TimeoutError."""
    deadline = time.monotonic() + PATIENCE
    while not (value := look()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"never: {what}")
        time.sleep(0.1)
    return value


def done(api: Api, flow: str, parameters: dict[str, Any]) -> None:
    """Run a flow to its end. Raises RuntimeError for a run that fails."""
    run = api.start(flow, parameters)
    state = wait_until(lambda: state_now if (state_now := api.state(run)) in ENDED else None, f"{flow} ends")
    if state != "COMPLETED":
        raise RuntimeError(f"{flow} is {state}")
