"""What is to be said of commands that may do something else than their writer meant."""

import posixpath
import shlex
from collections.abc import Iterable, Iterator, Sequence

from infra_specs.catalogue.images import image
from infra_specs.desired import DesiredStack, StackSnapshot, one_off_job
from infra_specs.errors import ProviderError
from infra_specs.resources.address import Address
from infra_specs.resources.resource import Resource
from infra_specs.stackfile.messages.shell_words import shell_note
from infra_specs.stackfile.models.service import Service
from infra_specs.stackfile.models.target import Containers, Local
from tasks.providers.seam.provider import KindProvider


def command_warnings(
    provider: KindProvider, snapshot: StackSnapshot, desired: DesiredStack, services: Iterable[str]
) -> tuple[str, ...]:
    """Sentences about the commands of these services, each with the service's name. Blocks.

    A service that the desired stack has not is left out. So is the entrypoint of an image that is not on the target.
    Of one that could not be looked into this is said: nothing depends on what would have been.
    """
    present = ((name, service) for name in services if (service := desired.stack.services.get(name)))
    return tuple(
        f"{name}: {sentence}"
        for name, service in present
        for sentence in _looked_into(provider, snapshot, desired, name, service)
    )


def run_hints(
    provider: KindProvider, desired: DesiredStack, job: Resource, service: str, entrypoint: Sequence[str] | None
) -> tuple[str, ...]:
    """Why a command of `tenfold run` may have failed, as sentences. Blocks. `entrypoint`: what the caller asked for."""
    own = () if entrypoint is not None else own_entrypoint(provider, desired, desired.stack.service(service))
    without = f"It ran without its image's ENTRYPOINT ({shlex.join(own)}). To have it given to that: --entrypoint image"
    return (*((without,) if own else ()), *((hint,) if (hint := provider.hint(job)) else ()))


def own_entrypoint(provider: KindProvider, desired: DesiredStack, service: Service) -> tuple[str, ...]:
    """The entrypoint of a service's image where the service says nothing of one; empty otherwise. Blocks."""
    if provider.images is None or service.image is None or service.entrypoint is not None:
        return ()
    target = desired.stack.target
    assert isinstance(target, Containers)
    return provider.images.entrypoint(desired.content.images.get(service.image) or image(target, service.image))


def takes_folder(desired: DesiredStack, service: Service) -> bool:
    """Whether its command may be given a folder: containers have their image's, and there is one folder at most."""
    folder = posixpath.normpath(posixpath.join(desired.source, service.folder))
    return isinstance(desired.stack.target, Local) and folder == posixpath.normpath(desired.source)


def _looked_into(
    provider: KindProvider, snapshot: StackSnapshot, desired: DesiredStack, name: str, service: Service
) -> tuple[str, ...]:
    try:
        return tuple(_sentences(provider, snapshot, desired, name, service))
    except ProviderError as error:
        return (f"whether its commands do what they seem to could not be looked into: {error}",)


def _sentences(
    provider: KindProvider, snapshot: StackSnapshot, desired: DesiredStack, name: str, service: Service
) -> Iterator[str]:
    commands = {"command": service.command, "before": service.before}
    commands = {key: words for key, words in commands.items() if words is not None}
    if commands and (own := own_entrypoint(provider, desired, service)):
        yield (
            f"its image has an ENTRYPOINT ({shlex.join(own)}), and {' and '.join(commands)} "
            f"{'run' if len(commands) > 1 else 'runs'} without it. To have it given to that, write entrypoint: image"
        )
    for key, words in commands.items():
        if note := shell_note(key, words or (), takes_folder=takes_folder(desired, service)):
            yield note
        job = one_off_job(snapshot, desired, Address("job", key, name), name, words or ())
        if hint := provider.hint(job):
            yield f"{key}: {hint}"
