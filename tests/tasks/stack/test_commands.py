"""What is said of commands that may do something else than their writer meant."""

from typing import Any

import pytest

from infra_specs.desired import StackSnapshot, desired_from_spec, one_off_job
from infra_specs.errors import TransientError
from infra_specs.resources.address import RUN, Address
from infra_specs.stackfile.reading.load import from_data
from tasks.stack.commands import command_warnings, run_hints

pytestmark = pytest.mark.pure


class Images:
    """Knows the entrypoint of one image."""

    def entrypoint(self, name: str) -> tuple[str, ...]:
        return ("sh", "/entry.sh") if name == "sha256:1" else ()


class Target:
    """Has images, and something to say of jobs."""

    def __init__(self, images: Images | None = None, hint: str = "") -> None:
        self.images, self._hint = images, hint

    def hint(self, _: object) -> str:
        return self._hint


def snapshot(target: str, **web: Any) -> StackSnapshot:
    data = {"name": "shop", "target": {"provider": target}, "services": {"web": web, "worker": {**web}}}
    return StackSnapshot(from_data(data, "test"), "/srv")


def warnings(provider: Any, snapshot: StackSnapshot, *services: str) -> tuple[str, ...]:
    desired = desired_from_spec(snapshot, {"app:1": "sha256:1"})
    return command_warnings(provider, snapshot, desired, services)


@pytest.mark.parametrize(
    ("web", "notes"),
    [
        (
            {"command": "serve"},
            (
                "web: its image has an ENTRYPOINT (sh /entry.sh), and command runs without it. To have it given to "
                "that, write entrypoint: image",
            ),
        ),
        (
            {"command": "serve", "before": "migrate"},
            (
                "web: its image has an ENTRYPOINT (sh /entry.sh), and command and before run without it. To have it "
                "given to that, write entrypoint: image",
            ),
        ),
        ({}, ()),
        ({"command": "serve", "entrypoint": "image"}, ()),
        ({"command": "serve", "entrypoint": "env"}, ()),
        ({"command": "serve", "image": "other:1"}, ()),
    ],
)
def test_an_entrypoint_is_told_once_for_each_service(web: dict[str, Any], notes: tuple[str, ...]) -> None:
    shop = snapshot("docker", **{"image": "app:1", **web})
    assert warnings(Target(Images()), shop, "web", "gone") == notes
    assert warnings(Target(), shop, "web", "gone") == ()


def test_a_word_for_a_shell_is_told_of_each_command() -> None:
    shop = snapshot("local", command="serve --port $PORT", before="migrate && seed")
    said = "as it is written, for no shell reads it. Write"
    assert warnings(Target(), shop, "worker") == (
        f"worker: command gets `$PORT` {said} command: sh -c 'exec serve --port \"$PORT\"'",
        f"worker: before gets `&&` {said} before: sh -c 'migrate && exec seed'",
    )


@pytest.mark.parametrize(
    ("target", "web", "advice"),
    [
        ("local", {}, "folder: app and command: serve"),
        ("local", {"folder": "shop"}, "command: sh -c 'cd app && exec serve'"),
        ("docker", {"image": "app:1"}, "command: sh -c 'cd app && exec serve'"),
    ],
)
def test_a_folder_is_advised_where_it_has_an_effect(target: str, web: dict[str, Any], advice: str) -> None:
    (warning,) = warnings(Target(), snapshot(target, command="cd app && serve", **web), "web")
    assert warning.endswith(f"Write {advice}")


def test_the_hint_of_a_target_names_the_service_and_the_key() -> None:
    shop = snapshot("local", command="python app.py")
    assert warnings(Target(hint="`python` is another"), shop, "web") == ("web: command: `python` is another",)


@pytest.mark.parametrize(
    ("web", "given", "hints"),
    [
        ({}, None, (
            "It ran without its image's ENTRYPOINT (sh /entry.sh). To have it given to that: --entrypoint image",)),
        ({}, [], ()),
        ({}, ["image"], ()),
        ({"entrypoint": "image"}, None, ()),
    ],
)  # fmt: skip
def test_why_a_command_may_have_failed(web: dict[str, Any], given: list[str] | None, hints: tuple[str, ...]) -> None:
    shop = snapshot("docker", image="app:1", **web)
    desired = desired_from_spec(shop, {"app:1": "sha256:1"})
    job = one_off_job(shop, desired, Address("job", RUN, "1"), "web", ["ls"], entrypoint=given)
    provider: Any = Target(Images())
    assert run_hints(provider, desired, job, "web", given) == hints
    provider = Target(Images(), hint="`ls` is another")
    assert run_hints(provider, desired, job, "web", given) == (*hints, "`ls` is another")


class Unreachable(Target):
    """Its engine does not answer."""

    def hint(self, _: object) -> str:
        raise TransientError("the engine did not answer")


def test_a_command_that_cannot_be_looked_into_is_a_note_and_no_failure() -> None:
    shop = snapshot("docker", image="app:1", command="serve")
    assert warnings(Unreachable(), shop, "web") == (
        "web: whether its commands do what they seem to could not be looked into: the engine did not answer",
    )
