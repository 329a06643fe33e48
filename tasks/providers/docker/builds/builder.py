"""Images that are built here: named by all that goes into them, so that what is unchanged is there already.

`tenfold-shop-web:<hash>`, the hash over the context (names, modes, contents), the Dockerfile, the stage, the arguments
and the ids of the images that it starts from. An image that somebody moved behind the same name is another base.
"""

import hashlib
import json
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import cached_property
from pathlib import PurePosixPath
from typing import Any

from docker.api.client import APIClient
from docker.errors import APIError, ImageNotFound

from infra_specs.catalogue.images import image
from infra_specs.errors import ProviderError
from infra_specs.stackfile.models.target import Containers
from tasks.providers.docker.buildkit.build import BuildFailed, Job, run
from tasks.providers.docker.builds.context import Context, Text
from tasks.providers.docker.builds.dockerfile import Arguments, bases, newer_words, with_bases
from tasks.providers.docker.builds.instructions import syntax_image, with_syntax_image
from tasks.providers.docker.builds.platform import platform_args
from tasks.providers.docker.engine.client import epoch
from tasks.providers.docker.engine.images import EngineImages
from tasks.providers.seam.builds import BuildRequest, BuiltImage

KEPT_IMAGES = 5
"""Images of a service that stay, the newest: so far a rollback goes without building again."""
_NEWER_API_VERSION = (1, 42)
"""The API of Docker Engine 23, whose BuildKit reads heredocs and links without an image for it."""
STACK_LABEL, SERVICE_LABEL = "tenfold-image.stack", "tenfold-image.service"
"""Not those of containers and volumes: a container takes on the labels of its image."""


class Builder:
    """Makes images on one engine."""

    def __init__(self, api: APIClient, images: EngineImages, target: Containers) -> None:
        self._api, self._images, self._target = api, images, target

    def built(self, request: BuildRequest) -> BuiltImage:
        """What there is of it; without a name while an image that it starts from is not there."""
        context = Context(request)
        dockerfile = self._dockerfile(request, context)
        ids = [self._id(base) for base in bases(dockerfile, self._arguments(request))]
        if not all(ids):
            return BuiltImage("", None)  # without reading the context, which may be large
        name = _name(request, context, dockerfile, [id for id in ids if id])
        return BuiltImage(name, self._id(name))

    def build(self, request: BuildRequest, say: Callable[[str], None]) -> str:
        """The image's id, made if need be. Images that it starts from and that are not there are pulled first."""
        context = Context(request)
        dockerfile = self._dockerfile(request, context)
        needed = bases(dockerfile, self._arguments(request))
        for base in needed:
            if self._id(base) is None:
                say(f"{request.service}: pulling {base}")
                self._images.need(base)
        name = _name(request, context, dockerfile, [self._id(base) or "" for base in needed])
        if (existing := self._id(name)) is not None:
            say(f"{request.service}: {name} is built already")
            return existing
        say(f"{request.service}: building {name} from {request.context}")
        self._make(request, context, dockerfile, name, say)
        built = self._id(name)
        if built is None:
            raise ProviderError(f"{name} was built, and is gone again: somebody removes images here. Run it again.")
        self._remove(self._newest_first(self._of(request.stack, request.service))[KEPT_IMAGES:])
        return built

    def warning(self, request: BuildRequest) -> str:
        """A sentence about files that are hardly meant to be in an image, or an empty text."""
        return Context(request).warning

    def forget(self, stack: str) -> None:
        """Remove what was made for the stack; what a container still runs from stays."""
        self._remove(self._of(stack))

    def _dockerfile(self, request: BuildRequest, context: Context) -> str:
        """Its text, as it is for this target: what it starts from may be elsewhere."""
        return with_bases(context.dockerfile, self._arguments(request), self._taken_from)

    def _arguments(self, request: BuildRequest) -> Arguments:
        return Arguments(request.args, self._platform)

    @cached_property
    def _platform(self) -> dict[str, str]:
        version = self._api.version()
        machine = self._api.info()["Architecture"] if version["Arch"] == "arm" else ""
        return platform_args(version["Os"], version["Arch"], machine)

    def _taken_from(self, base: str) -> str:
        """An override of its name holds always, the mirror for what is not in the engine by its own name."""
        override = image(self._target.model_copy(update={"mirror": None}), base)
        return override if override != base or self._id(base) else image(self._target, base)

    def _make(
        self, request: BuildRequest, context: Context, dockerfile: str, name: str, say: Callable[[str], None]
    ) -> None:
        dockerfile_text = Text(
            PurePosixPath(request.dockerfile).name, self._readable(request, dockerfile, say).encode()
        )
        job = Job(
            folders={"context": context.files, "dockerfile": (dockerfile_text,)},
            dockerfile=dockerfile_text.name, name=name, stage=request.stage, args=request.args,
            labels={STACK_LABEL: request.stack, SERVICE_LABEL: request.service},
        )  # fmt: skip
        try:
            run(self._api, job, self._images.login, lambda line: say(f"{request.service}: {line}"))
        except BuildFailed as failed:
            log = "".join(f"\n  {line}" for line in failed.lines)
            raise ProviderError(
                f"the build of {request.service} from {request.context} failed at {failed.step}: {failed}\n"
                f"The last lines:{log or ' there are none.'}\n"
                f"Mend {request.dockerfile} or what it copies, and run it again."
            ) from failed

    def _readable(self, request: BuildRequest, dockerfile: str, say: Callable[[str], None]) -> str:
        """The Dockerfile with the image that it wants to be read by (`# syntax=`), or without where it is out of reach:
        BuildKit reads most of them by itself."""
        syntax = syntax_image(dockerfile)
        if not syntax:
            self._refuse_newer_words(request, dockerfile)
            return dockerfile
        image = self._taken_from(syntax)
        try:
            self._images.need(image)
        except ProviderError:
            self._refuse_newer_words(request, dockerfile)
            say(f"{request.service}: {image} (`# syntax=`) cannot be had: the engine reads {request.dockerfile} itself")
            image = ""
        return with_syntax_image(dockerfile, image)

    def _refuse_newer_words(self, request: BuildRequest, dockerfile: str) -> None:
        """What an engine before 23 reads wrongly, or not at all."""
        words = newer_words(dockerfile)
        if words and _version(self._api.api_version) < _NEWER_API_VERSION:
            raise ProviderError(
                f"the build of {request.service}: {request.dockerfile} uses {' and '.join(words)}, which this Docker "
                f"Engine {self._api.version()['Version']} cannot read. Use Docker Engine 23 or later, or let an image "
                "read it that this engine can pull, by this first line: # syntax=docker/dockerfile:1"
            )

    def _id(self, name: str) -> str | None:
        try:
            return str(self._api.inspect_image(name)["Id"])  # type: ignore[no-untyped-call]
        except ImageNotFound:
            return None

    def _of(self, stack: str, service: str | None = None) -> list[dict[str, Any]]:
        """What was made for a stack, or for a service of it."""
        label_filter = [f"{STACK_LABEL}={stack}", *([f"{SERVICE_LABEL}={service}"] if service else [])]
        images: list[dict[str, Any]] = self._api.images(filters={"label": label_filter})
        return images

    def _newest_first(self, images: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
        """By when they got their names: one that comes from BuildKit's cache says that it was created long ago.

        Without those that have gone meanwhile.
        """
        tagged = []
        for entry in images:
            with suppress(ImageNotFound):
                details = self._api.inspect_image(entry["Id"])  # type: ignore[no-untyped-call]
                tagged.append((epoch(details["Metadata"]["LastTagTime"]), entry))
        return [entry for _, entry in sorted(tagged, key=lambda pair: pair[0], reverse=True)]

    def _remove(self, images: Iterable[dict[str, Any]]) -> None:
        for entry in images:
            for name in entry["RepoTags"] or [entry["Id"]]:
                # Gone already, or a container needs it still: another time.
                with suppress(APIError):
                    self._api.remove_image(name)


def _name(request: BuildRequest, context: Context, dockerfile: str, base_ids: list[str]) -> str:
    parts = [
        request.stack, request.service, request.dockerfile, dockerfile, request.stage, sorted(request.args.items()),
        base_ids, context.digest(),
    ]  # fmt: skip
    digest = hashlib.sha256(json.dumps(parts).encode()).hexdigest()
    return f"tenfold-{request.stack}-{request.service}:{digest[:16]}"


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split("."))
