"""What must be true of a file once it was provisioned, whatever the verbs before it."""

from dataclasses import dataclass

from infra_specs.releases.manifest import with_absolute_paths
from tasks.stack.preflight import Prepared


@dataclass(frozen=True, slots=True)
class Failure:
    """What was wrong with a walk, and its steps up to it."""

    seed: int
    why: str
    steps: tuple[str, ...]

    def __str__(self) -> str:
        lines = (f"  {number}. {text}" for number, text in enumerate(self.steps, 1))
        return "\n".join([f"walk {self.seed}: {self.why}", *lines])


def wrong_after_provision(planned: Prepared, after: Prepared) -> list[str]:
    """How the stack differs from what its plan said, and from its file if the file changed what a release holds."""
    wrong = []
    if planned.desired.content != after.desired.content:
        wrong.append(f"planned {planned.desired.content.data()}\n  is {after.desired.content.data()}")
    names = list(planned.snapshot.stack.services)
    if _file_changed(planned) and set(after.desired.content.services) != set(names):
        wrong.append(f"the changed file has the services {names}, and {list(after.desired.content.services)} run")
    return wrong


def _file_changed(planned: Prepared) -> bool:
    """Whether the file says something else than when the current release was made of it."""
    current, snapshot = planned.snapshot.current, planned.snapshot
    if current is None:
        return True
    services = with_absolute_paths(snapshot.stack, snapshot.source)
    sizes = {"replicas", "capacity", "share", "scaling"}
    return {name: service.model_dump(exclude=sizes) for name, service in services.items()} != {
        name: service.model_dump(exclude=sizes) for name, service in current.file.services.items()
    }
