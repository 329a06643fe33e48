"""The driver of a kind: how one kind of resource is made, changed, looked at and ended on one target."""

from collections.abc import Iterable
from typing import Protocol

from infra_specs.errors import ProviderError
from infra_specs.resources.instance import Instance
from infra_specs.resources.resource import Resource


class Kind(Protocol):
    """One kind of resource on one target, or several kinds that one question lists.

    Subclass it. `KindProvider` decides what is adopted, made anew, stopped or ended; a driver only does it. Every call
    blocks and may run in several threads at once, but create, update, stop and destroy of one address never do.
    Errors of an SDK may leave a driver: `KindProvider.translated` turns them into ours.
    """

    def list(self, stack: str) -> Iterable[Instance]:
        """Every instance of this driver in the stack, health included, those that are ending too, in any order.

        Changes nothing. Of an unknown stack: nothing.
        """

    def look(self, instance: Instance) -> Instance | None:
        """The same incarnation as it is now: health, outputs, members and the fingerprint that runs. None: it is gone.

        Never waits. Outputs that are not known yet are left out. A target that undid an update says the fingerprint
        that it went back to, with the reason in the health.
        """

    def create(self, resource: Resource, incarnation: int) -> Instance:
        """Begin to make this incarnation of a resolved resource, and return it, usually while it is still starting.

        Never asks whether it is there: `KindProvider` has. Everything that `look` needs is written down before, or in
        the same step as, what costs something, so that a killed run leaves nothing unknown. Called again with the same
        incarnation, after an answer that was lost, it ends in one thing: by its name, or by a token.
        """

    def update(self, instance: Instance, resource: Resource) -> None:
        """Change it in place, and what is recorded of it: fingerprint, digests, bindings. Already so: success.

        A `look` after it tells the new fingerprint, and another one only once the target has taken the change back.
        Raises ProviderError (`refusal`) for settings that this kind cannot change in place.
        """
        raise refusal(instance)

    def destroy(self, instance: Instance) -> Instance | None:
        """Remove it with everything that belongs to it alone, and return what is left. Gone already: success.

        None: it is gone. Where that takes minutes, the instance once it is certain to go: `look` says `ending` from
        then on, and None at last. It is called again and again until then, and does what can be done by now.
        """

    def stop(self, instance: Instance, why: str) -> None:
        """End it and keep it for its log: from now on it has failed, for the reason `why`.

        Returns when it has ended. Ended already, or gone: success; an empty `why` leaves the reason it had. Kinds that
        never run, as a volume, leave it alone, which is what this does.
        """
        return

    def finish(self, instance: Instance, resource: Resource) -> Instance | None:
        """Finish what a killed run left half made, and return it; None for one that was made whole.

        Asked only of a failed instance with the fingerprint that is wanted. By default everything is made in one step.
        """
        return None

    def logs(self, instance: Instance, lines: int) -> str:
        """The last lines it wrote, oldest first; empty, as here, if it writes none or is gone."""
        return ""


def refusal(instance: Instance) -> ProviderError:
    """What to raise for an instance that cannot be changed in place."""
    return ProviderError(f"{instance}: a {instance.kind} cannot be changed in place here: replace it")
