"""What is said of images with an entrypoint."""

from typing import Any

import pytest

from infra_specs.stackfile.reading.load import from_data
from tasks.stack.entrypoints import entrypoint_notes

pytestmark = pytest.mark.pure


class Images:
    """Knows the entrypoint of one image."""

    def entrypoint(self, name: str) -> tuple[str, ...]:
        return ("sh", "/entry.sh") if name == "sha256:1" else ()


class Target:
    """Has images."""

    images = Images()


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
def test_it_is_said_once_for_each_service(web: dict[str, Any], notes: tuple[str, ...]) -> None:
    service = {"image": "app:1", **web}
    stack = from_data({"name": "shop", "target": {"provider": "docker"}, "services": {"web": service}})
    provider: Any = Target()
    assert entrypoint_notes(provider, stack, {"app:1": "sha256:1"}) == notes
    provider.images = None
    assert entrypoint_notes(provider, stack, {"app:1": "sha256:1"}) == ()
