"""Every process that we run is killed, frozen and stopped at random, while rows are written and requests answered.

python -m benchmarks.chaos --seed N --rounds R --target local|docker

A round hurts one or two processes and waits until each of them has another life that answers, and until all of the
stack is healthy and as wanted. Exit 1 on a violation: not recovered, an acknowledged row that is lost, something failed
left in `status`, a process or a container left after the teardown. The load of the machine is printed with each round,
for times are as good as the machine is idle.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import docker

from benchmarks.chaos.accidents import Accident, rounds
from benchmarks.chaos.report import Recovery, Report
from benchmarks.chaos.rows import Writer
from benchmarks.chaos.stack import NAME, Hurt, OnDocker, OnLocal, errors_as_away, is_well, view
from benchmarks.control_plane import Api, plane
from benchmarks.load import Load
from deployments.server import control_plane
from infra_specs.stackfile.reading.load import load
from tasks.base.settings import settings
from tasks.ledger import Ledger
from tests.support.images import images

FINAL = ("COMPLETED", "FAILED", "CRASHED", "CANCELLED")
ATTEMPTS = 3
HUNG = "and was killed, restarted)"
"""How a supervisor's log says that it ended a process which did not answer."""
RECOVERY_SECONDS = 300.0
RUN_SECONDS = 900.0
"""How long the provision and the teardown may take on a machine that others use, too."""
REQUESTS_A_SECOND = 5.0


def main() -> int:
    parser = argparse.ArgumentParser(prog="benchmarks.chaos")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--target", choices=("local", "docker"), default="local")
    asked = parser.parse_args()
    report = Report()
    with hurt_on(asked.target) as hurt, plane():
        run(hurt, asked.seed, asked.rounds, report)
    for line in report.table():
        print(line)
    for violation in report.violations:
        print(f"VIOLATION: {violation}")
    print(f"seed {asked.seed}, {asked.rounds} rounds on {asked.target}: {len(report.violations)} violations")
    return 1 if report.violations else 0


@contextmanager
def hurt_on(target: str) -> Iterator[Hurt]:
    """What is hurt on that target."""
    with tempfile.TemporaryDirectory(prefix="tenfold-chaos-") as folder:
        Path(folder).chmod(0o755)
        if target == "local":
            yield OnLocal(Path(folder))
        else:
            client = docker.from_env()
            images(client)
            yield OnDocker(client)
            client.close()


def run(hurt: Hurt, seed: int, count: int, report: Report) -> None:
    """All rounds on a new stack, which is taken down at the end."""
    provision(hurt)
    with Ledger.open(settings()) as ledger:
        password = ledger.secrets.value(NAME, "database-password", 1)
    writer = Writer(hurt.database, str(password))
    writer.start()
    requests = Load.started(view().links["web"], REQUESTS_A_SECOND)
    for number, accidents in enumerate(rounds(seed, count, hurt.victims), 1):
        recovered = round_of(hurt, accidents)
        report.recoveries += recovered
        late = [str(recovery.accident) for recovery in recovered if recovery.seconds is None]
        report.violations += [f"round {number}: not recovered from {accident}" for accident in late]
        told = ", ".join(
            f"{one.accident} {'NEVER' if one.seconds is None else f'{one.seconds:.1f} s'}" for one in recovered
        )
        print(f"round {number}: {told}; {len(writer.acknowledged)} rows; load {os.getloadavg()[0]:.1f}", flush=True)
    print(f"requests: {requests.stop()}")
    writer.stop()
    report.violations += at_the_end(writer)
    report.violations += wrong_restarts(report)
    teardown(hurt, report)


def provision(hurt: Hurt) -> None:
    """Bring the stack up, as a user would."""
    data = load(json.dumps(hurt.spec())).model_dump(mode="json", by_alias=True)
    submit("provision", {"spec": data, "source": "/"})


def submit(flow: str, parameters: dict[str, object]) -> None:
    """Run a flow to its end, once more if it crashes: on a machine that is too busy a run is taken for lost."""
    for attempt in range(ATTEMPTS):
        if (state := submitted(flow, parameters)) == "COMPLETED":
            return
        print(f"{flow} is {state} ({attempt + 1} of {ATTEMPTS})", flush=True)
    raise RuntimeError(f"{flow} did not complete")


def submitted(flow: str, parameters: dict[str, object]) -> str:
    """The state that a run of a flow ends in."""
    api = Api(control_plane.ensure())
    number, began = api.start(flow, parameters), time.monotonic()
    while (state := api.state(number)) not in FINAL and time.monotonic() - began < RUN_SECONDS:
        time.sleep(0.2)
    return state


def round_of(hurt: Hurt, accidents: tuple[Accident, ...]) -> list[Recovery]:
    """Hurt them all at once, and wait until each is back and the whole stack is well."""
    before = {accident: mark_of(hurt, accident.victim) for accident in accidents}
    shots = [hurt.shot(accident.action, accident.victim) for accident in accidents]
    began = time.monotonic()
    for shot in shots:
        shot()
    back = dict[Accident, float]()
    while time.monotonic() - began < RECOVERY_SECONDS:
        for accident in accidents:
            now = mark_of(hurt, accident.victim)
            if accident not in back and now and now != before[accident]:
                back[accident] = time.monotonic() - began
        with errors_as_away():
            if len(back) == len(accidents) and is_well(view()):
                return [Recovery(accident, back[accident]) for accident in accidents]
        time.sleep(0.2)
    return [Recovery(accident, None) for accident in accidents]  # the stack is not well, whoever is back


def mark_of(hurt: Hurt, victim: str) -> str:
    with errors_as_away():
        return hurt.mark(victim)
    return ""


def at_the_end(writer: Writer) -> list[str]:
    """What is wrong before the teardown."""
    lost, seen = writer.lost(), view()
    failed = [str(instance) for instance in seen.instances if instance.failed]
    print(f"rows: {len(writer.acknowledged)} acknowledged, {len(lost)} lost")
    print(f"status: {len(failed)} failed, {len(seen.history)} kept for their log")
    return [f"{len(lost)} acknowledged rows are lost"] * bool(lost) + [f"{name} is left as failed" for name in failed]


def wrong_restarts(report: Report) -> list[str]:
    """A process that was taken for hung and had not been frozen, by the logs of the supervisors."""
    logs = [settings().home / "control/supervisor.log", *settings().home.glob("stacks/*/supervisor/supervisor.log")]
    found = sum(log.read_text(errors="replace").count(HUNG) for log in logs if log.is_file())
    frozen = sum(recovery.accident.action == "freeze" for recovery in report.recoveries)
    print(f"taken for hung by a supervisor: {found}; frozen, of all processes: {frozen}")
    return [f"{found - frozen} processes were taken for hung and were not"] * (found > frozen)


def teardown(hurt: Hurt, report: Report) -> None:
    """Take the stack down, and count what is left."""
    submit("teardown", {"stack": NAME, "delete_data": True})
    left = hurt.left()
    print(f"left after the teardown: {len(left)}")
    report.violations += [f"left after the teardown: {name}" for name in left]


if __name__ == "__main__":
    sys.exit(main())
