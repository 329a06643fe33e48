"""Which folder a build starts from, and what a plan says of it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from infra_specs.errors import ProviderError
from infra_specs.stackfile.models.stack import Stack
from infra_specs.stackfile.reading.load import from_data
from tasks.providers.seam.builds import BuildRequest, BuiltImage
from tasks.stack.preview_builds import build_requests, preview_builds

pytestmark = pytest.mark.pure


def shop(context: str) -> Stack:
    services = {"web": {"build": context}, "worker": {"image": "a:1"}}
    return from_data({"name": "shop", "target": {"provider": "docker"}, "services": services})


@pytest.mark.parametrize(
    ("context", "leads"),
    [("app", "src/app"), (".", "src"), ("../other", "other"), ("inside", "src/app"), ("../via/app", "src/app")],
)
def test_a_context_is_where_the_spec_says(tmp_path: Path, context: str, leads: str) -> None:
    for folder in ("src/app", "other"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "src" / "inside").symlink_to("app")
    (tmp_path / "via").symlink_to("src")
    (order,) = build_requests(shop(context), str(tmp_path / "src")).values()
    assert order.context == str(tmp_path / leads)
    assert build_requests(shop(str(tmp_path / "via")), "/")["web"].context == str(tmp_path / "src")


@pytest.mark.parametrize("to", ["../other", "/etc", "app/../../other"])
def test_a_link_leads_no_context_elsewhere(tmp_path: Path, to: str) -> None:
    for folder in ("src/app", "other"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "src" / "out").symlink_to(to)
    with pytest.raises(
        ProviderError, match=r"web: .*/src/out is reached through a link that leads out of .*/src, to /"
    ):
        build_requests(shop("out"), str(tmp_path / "src"))


def test_a_plan_names_what_is_hardly_meant_once(tmp_path: Path) -> None:
    class Builder:
        @property
        def images(self) -> "Builder":
            return self

        def built(self, order: BuildRequest) -> BuiltImage:
            return BuiltImage("tenfold-shop-web:1", "sha256:1")

        def build(self, order: BuildRequest, say: Callable[[str], None]) -> str:
            raise AssertionError("a plan builds nothing")

        def build_warning(self, order: BuildRequest) -> str:
            return f"{order.service}: .env"

        def forget_built(self, stack: str) -> None: ...

    stack, said = preview_builds(Builder(), shop("."), str(tmp_path))  # type: ignore[arg-type]
    assert said == ("web: .env",)
    assert stack.services["web"].image == "sha256:1"
