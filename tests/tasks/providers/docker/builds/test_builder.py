"""Images built on the engine: when one is made anew, what is said of one that cannot be, and which stay."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from docker import DockerClient
from docker.errors import ImageNotFound

from infra_specs.errors import ProviderError
from tasks.providers.docker import DockerProvider
from tasks.providers.docker.builds.builder import KEPT_IMAGES
from tasks.providers.seam.builds import BuildRequest
from tests.support.images import local
from tests.support.waiting import wait_until
from tests.tasks.providers.docker.docker_world import get, made, proxy, replica, route, stack

pytestmark = [pytest.mark.docker, pytest.mark.proof]
BASE = "tenfold-test/changing:1"


@pytest.fixture
def order(
    tmp_path: Path, engine: DockerClient, images: dict[str, str], provider: DockerProvider
) -> Iterator[BuildRequest]:
    """A page in the tiny server, whose image goes by a name that can be moved."""
    engine.images.get(images["tenfold-tiny:1"]).tag(BASE)
    (tmp_path / "Dockerfile").write_text(
        f"ARG BASE={BASE}\nFROM $BASE AS first\nARG GREETING=hello\nCOPY --chown=10001 index.html /www/index.html\n"
        "ENV GREETING=$GREETING\nFROM first AS second\nENV SECOND=yes\n"
    )
    (tmp_path / "index.html").write_text("built\n")
    yield BuildRequest(stack, "web", str(tmp_path), "Dockerfile", None, {})
    for name in (stack, "other"):
        provider.images.forget_built(name)
    engine.images.remove(BASE)


def test_it_runs_what_was_built(provider: DockerProvider, images: dict[str, str], order: BuildRequest) -> None:
    assert provider.images.built(order).id is None
    steps: list[str] = []
    identity = provider.images.build(order, steps.append)
    assert identity.startswith("sha256:")
    assert steps[0].startswith("web: building tenfold-shop-web:")
    assert steps[1].startswith("web: Step 1/")
    assert provider.images.built(order).id == identity
    instance = made(provider, replica(images, image=identity))
    door = made(provider, proxy(images))
    made(provider, route(instance))
    assert (
        wait_until(lambda: (response := get(door.outputs["port"]))[0] == 200 and response, "it serves")[1] == "built\n"
    )
    provider.images.forget_built(stack)
    assert provider.images.built(order).id == identity, "a container runs from it"


def test_the_same_is_not_built_again_and_what_differs_is(
    provider: DockerProvider, images: dict[str, str], engine: DockerClient, order: BuildRequest, tmp_path: Path
) -> None:
    def build(wanted: BuildRequest) -> tuple[str, bool]:
        steps: list[str] = []
        return provider.images.build(wanted, steps.append), any("building" in line for line in steps)

    first = build(order)[0]
    assert build(order) == (first, False)
    ids = [first]
    others = (
        replace(order, args={"GREETING": "welcome"}), replace(order, stage="first"), replace(order, stack="other")
    )  # fmt: skip
    for other in others:
        identity, anew = build(other)
        assert anew
        ids.append(identity)
    (tmp_path / "index.html").write_text("changed\n")
    ids.append(build(order)[0])
    engine.images.get(images["tenfold-tiny:2"]).tag(BASE)
    assert provider.images.built(order).id is None
    ids.append(build(order)[0])
    assert len(set(ids[:3] + ids[4:])) == 5
    shown = engine.images.get(ids[1])
    assert "GREETING=welcome" in shown.attrs["Config"]["Env"]
    assert "SECOND=yes" not in engine.images.get(ids[2]).attrs["Config"]["Env"]


def test_the_last_few_stay(provider: DockerProvider, engine: DockerClient, order: BuildRequest, tmp_path: Path) -> None:
    ids = []
    for number in range(2 * KEPT_IMAGES):
        (tmp_path / "index.html").write_text(f"{number}\n")
        ids.append(provider.images.build(order, lambda _: None))
    there = {image.id for image in engine.images.list(filters={"label": f"tenfold-image.stack={stack}"})}
    assert there == set(ids[-KEPT_IMAGES:])
    provider.images.forget_built(stack)
    assert not engine.images.list(filters={"label": f"tenfold-image.stack={stack}"})
    with pytest.raises(ImageNotFound):
        engine.images.get(ids[-1])
    with pytest.raises(ProviderError, match=r"was built here and is gone from the Docker Engine\. Provision"):
        provider.create(replica({"tenfold-tiny:1": ids[-1]}))


def test_a_failing_step_is_told_with_its_last_lines(
    provider: DockerProvider, order: BuildRequest, tmp_path: Path
) -> None:
    (tmp_path / "Dockerfile").write_text(
        f"FROM {local('base')}\nRUN echo 'compiling everything' >&2 && echo 'no such module: payments' >&2 && exit 3\n"
    )
    with pytest.raises(ProviderError) as failed:
        provider.images.build(order, lambda _: None)
    message = str(failed.value)
    assert message.startswith(f"the build of web from {tmp_path} failed at Step 2/2 : RUN echo 'compiling everything'")
    assert ": exit code: 3\n" in message
    assert "\n  compiling everything\n" in message
    assert "\n  no such module: payments\nMend" in message
    assert message.endswith("Mend Dockerfile or what it copies, and run it again.")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("FORM x\n", "failed at its beginning: .*unknown instruction: FORM"),
        ("FROM registry.invalid/nothing:1\n", "the image registry.invalid/nothing:1 is not in the Docker Engine"),
        (f"FROM {local('base')}\nCOPY nowhere /\n", "failed at Step 2/2 : COPY nowhere /: .*nowhere"),
    ],
)
def test_what_cannot_be_built_is_said(
    provider: DockerProvider, order: BuildRequest, tmp_path: Path, text: str, said: str
) -> None:
    (tmp_path / "Dockerfile").write_text(text)
    with pytest.raises(ProviderError, match=said):
        provider.images.build(order, lambda _: None)


def test_what_is_built_again_from_the_cache_is_the_newest(
    provider: DockerProvider, order: BuildRequest, tmp_path: Path
) -> None:
    """BuildKit says of it that it was created when it was built first."""

    def build(text: str) -> str:
        (tmp_path / "index.html").write_text(text)
        return provider.images.build(order, lambda _: None)

    build("first\n")
    provider.images.forget_built(stack)
    for number in range(KEPT_IMAGES):
        build(f"later {number}\n")
    first = build("first\n")
    assert provider.images.built(order).id == first
