"""Images that are built here: named by all that goes into them, so that what is unchanged is there already.

`tenfold-shop-web:<hash>`, the hash over the context (names, modes, contents), the Dockerfile, the stage, the arguments
and the ids of the images that it starts from. An image that somebody moved behind the same name is another base.
"""

import hashlib
import json
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import IO, Any

from docker.api.client import APIClient
from docker.errors import APIError, ImageNotFound

from infra_specs.catalogue.images import image
from infra_specs.errors import ProviderError
from infra_specs.spec.target import Docker
from tasks.providers.base import BuildOrder, BuiltImage
from tasks.providers.docker.context import Context
from tasks.providers.docker.dockerfile import bases, with_bases
from tasks.providers.docker.engine import epoch, said
from tasks.providers.docker.images import Images

kept = 5
"""Images of a service that stay, the newest: so far a rollback goes without building again."""
told_lines = 20
_colours = re.compile(r"\x1b\[[0-9;]*m")
_noise = ("--->", "Removing intermediate container")
"""What the engine says of its own doing."""
stack_label, service_label = "tenfold-image.stack", "tenfold-image.service"
"""Not those of containers and volumes: a container takes on the labels of its image."""


class Builder:
    """Makes images on one engine."""

    def __init__(self, api: APIClient, images: Images, target: Docker) -> None:
        self._api, self._images, self._target = api, images, target

    def built(self, order: BuildOrder) -> BuiltImage:
        """What there is of it; without a name while an image that it starts from is not there."""
        context = Context(order)
        dockerfile = self._dockerfile(order, context)
        ids = [self._id(base) for base in bases(dockerfile, order.args)]
        name = _name(order, context, dockerfile, [each for each in ids if each])
        return BuiltImage(name, self._id(name)) if all(ids) else BuiltImage("", None)

    def build(self, order: BuildOrder, say: Callable[[str], None]) -> str:
        """The image's id, made if need be. Images that it starts from and that are not there are pulled first."""
        context = Context(order)
        dockerfile = self._dockerfile(order, context)
        needed = bases(dockerfile, order.args)
        for base in needed:
            if self._id(base) is None:
                say(f"{order.service}: pulling {base}")
                self._images.need(base)
        name = _name(order, context, dockerfile, [self._id(base) or "" for base in needed])
        if (there := self._id(name)) is not None:
            say(f"{order.service}: {name} is built already")
            return there
        say(f"{order.service}: building {name} from {order.context}")
        with context.packed(dockerfile) as packed:
            self._make(order, packed, name, say)
        made = self._id(name)
        if made is None:
            raise ProviderError(f"{name} was built, and is gone again: somebody removes images here. Run it again.")
        self._remove(self._newest_first(self._of(order.stack, order.service))[kept:])
        return made

    def forget(self, stack: str) -> None:
        """Remove what was made for the stack; what a container still runs from stays."""
        self._remove(self._of(stack))

    def _dockerfile(self, order: BuildOrder, context: Context) -> str:
        """Its text, as it is for this target: what it starts from may be elsewhere."""
        return with_bases(context.dockerfile, order.args, self._taken_from)

    def _taken_from(self, base: str) -> str:
        """An override of its name holds always, the mirror for what is not in the engine by its own name."""
        other = image(self._target.model_copy(update={"mirror": None}), base)
        return other if other != base or self._id(base) else image(self._target, base)

    def _make(self, order: BuildOrder, packed: IO[bytes], name: str, say: Callable[[str], None]) -> None:
        step, last = "its beginning", deque[str](maxlen=told_lines)
        try:
            answers = self._api.build(
                fileobj=packed, custom_context=True, dockerfile=order.dockerfile, tag=name, target=order.stage,
                buildargs=dict(order.args), labels={stack_label: order.stack, service_label: order.service},
                rm=True, forcerm=True, decode=True,
            )  # fmt: skip
            for line in _lines(answers):
                if line.startswith("Step "):
                    step = line
                    say(f"{order.service}: {line}")
                if not line.startswith(_noise):
                    last.append(line)
        except (APIError, _BuildError) as error:
            why = said(error) if isinstance(error, APIError) else str(error)
            log = "".join(f"\n  {line}" for line in last)
            raise ProviderError(
                f"the build of {order.service} from {order.context} failed at {step}: {why}\n"
                f"The last lines:{log or ' there are none.'}\n"
                f"Mend {order.dockerfile} or what it copies, and run it again."
            ) from error

    def _id(self, name: str) -> str | None:
        try:
            return str(self._api.inspect_image(name)["Id"])  # type: ignore[no-untyped-call]
        except ImageNotFound:
            return None

    def _of(self, stack: str, service: str | None = None) -> list[dict[str, Any]]:
        """What was made for a stack, or for a service of it."""
        wanted = [f"{stack_label}={stack}", *([f"{service_label}={service}"] if service else [])]
        found: list[dict[str, Any]] = self._api.images(filters={"label": wanted})
        return found

    def _newest_first(self, images: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
        """Without those that have gone meanwhile. A list has whole seconds, and two builds may share one."""
        made = []
        for one in images:
            with suppress(ImageNotFound):
                shown = self._api.inspect_image(one["Id"])  # type: ignore[no-untyped-call]
                made.append((epoch(shown["Created"]), one))
        return [one for _, one in sorted(made, key=lambda each: each[0], reverse=True)]

    def _remove(self, images: Iterable[dict[str, Any]]) -> None:
        for one in images:
            for name in one["RepoTags"] or [one["Id"]]:
                # Gone already, or a container needs it still: another time.
                with suppress(APIError):
                    self._api.remove_image(name)


class _BuildError(Exception):
    """A step failed; the message is the engine's."""


def _name(order: BuildOrder, context: Context, dockerfile: str, base_ids: list[str]) -> str:
    parts = [
        order.stack, order.service, order.dockerfile, dockerfile, order.stage, sorted(order.args.items()),
        base_ids, context.digest(),
    ]  # fmt: skip
    digest = hashlib.sha256(json.dumps(parts).encode()).hexdigest()
    return f"tenfold-{order.stack}-{order.service}:{digest[:16]}"


def _lines(answers: Iterable[dict[str, Any]]) -> Iterator[str]:
    """Whole lines of what the engine says; raises _BuildError for the one that says that it failed."""
    begun = ""
    for answer in answers:
        if "error" in answer:
            raise _BuildError(str(answer["error"]).strip())
        *whole, begun = f"{begun}{_colours.sub('', answer.get('stream', ''))}".split("\n")
        yield from (line.strip() for line in whole if line.strip())
    if begun.strip():
        yield begun.strip()
