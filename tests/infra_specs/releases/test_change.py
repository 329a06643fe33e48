"""What a deploy makes of what runs, and how two releases differ, in words."""

import pytest

from infra_specs.errors import PlanError, SpecError
from infra_specs.releases.change import with_built_images, with_deploy
from infra_specs.releases.differences import differences, summary
from infra_specs.stackfile.models.service import Service
from infra_specs.stackfile.models.stack import Stack
from tests.infra_specs.releases.shop import held, shop

pytestmark = pytest.mark.pure


def test_what_is_given_changes_and_the_rest_stays() -> None:
    runs = held(shop(image="app:2", env={"A": "1", "B": "2"}))
    found = with_deploy(shop(replicas=3), runs, "", {"memory": "64MB"}, {"B": None, "C": {"secret": "c"}}).services[
        "web"
    ]
    assert (found.image, found.memory, found.replicas.min) == ("app:2", 64 * 2**20, 3)
    assert set(found.env) == {"A", "C"}


def test_the_service_is_the_one_that_can_be_meant() -> None:
    stack = shop({"web": {"image": "app:1", "command": "serve"}, "db": {"image": "db:1"}})
    assert with_deploy(stack, held(stack), "", {"command": "x"}, {}).services["web"].command == ["x"]
    assert with_deploy(stack, held(stack), "db", {"image": "db:2"}, {}).services["db"].image == "db:2"
    with pytest.raises(PlanError, match=r"several services that this could be for: web, db\. Name one\."):
        with_deploy(stack, held(stack), "", {"image": "x:1"}, {})
    with pytest.raises(PlanError, match=r"shop has no service `api`\. It has: web, db\."):
        with_deploy(stack, held(stack), "api", {"image": "x:1"}, {})


@pytest.mark.parametrize(
    ("settings", "env", "said"),
    [
        ({"image": "app 2"}, {}, "services.web.image: found `app 2`, must be an image's name"),
        ({"health": "up"}, {}, "services.web.health: found `up`, must be a path"),
        ({}, {"A-B": "1"}, "services.web.env.A-B: must be a variable's name"),
        ({}, {"A": {"from": "cache.url"}}, "this stack declares no cache"),
        ({}, {"PORT": "1"}, "PORT is set by Tenfold itself"),
    ],
)
def test_what_no_file_may_say_no_deploy_may(settings: dict[str, str], env: dict[str, object], said: str) -> None:
    with pytest.raises(SpecError) as refused:
        with_deploy(shop(), held(shop()), "web", settings, env)
    assert said in str(refused.value)


def test_differences_in_words() -> None:
    before = held(shop(env={"A": "1", "B": "x", "K": {"secret": "s"}}, command="run 'a b'", memory="64MB"), s=1)
    after = held(
        shop(image="app:2", env={"A": "2", "C": "", "K": {"secret": "s"}}, route={"path": "/api"}, memory="1GB"), s=2
    )
    assert differences(before, after) == (
        "web: command run 'a b' -> none",
        "web: image app:1 -> app:2",
        "web: env A 1 -> 2",
        "web: env B removed, was x",
        "web: env C set to empty",
        "web: memory 64MB -> 1GB",
        "web: route path / -> path /api",
        "secret s: v1 -> v2",
    )
    assert differences(before, before) == ()
    assert summary(before, after) == (
        "web: command run 'a b' -> none; web: image app:1 -> app:2; web: env A 1 -> 2 and 5 more"
    )


def test_services_that_came_and_went_and_counts() -> None:
    before, after = held(shop({"web": {"image": "a:1"}})), held(shop({"api": {"image": "a:1", "replicas": 3}}))
    assert differences(before, after) == ("web: gone", "api: new service")
    assert differences(held(shop(replicas=1)), held(shop(replicas=4))) == ()


def kept(image: str) -> Stack:
    """What the ledger has of a service with a build: how it is made, and the image that was."""
    web = Service.model_validate({"build": {"context": "."}, "image": image, "port": 80})
    return shop().model_copy(update={"services": {"web": web}})


def test_what_was_built_stays_so_until_another_image_is_given() -> None:
    stack = kept("sha256-1")
    web = with_deploy(stack, held(stack), "", {}, {"A": "1"}).services["web"]
    assert (web.image, web.build) == ("sha256-1", stack.services["web"].build)
    web = with_deploy(stack, held(stack), "", {"image": "app:2"}, {}).services["web"]
    assert (web.image, web.build) == ("app:2", None)


def test_built_again_it_has_the_image_of_now() -> None:
    runs = held(with_deploy(kept("sha256-1"), held(kept("sha256-1")), "", {"image": "app:2"}, {}))
    found = with_built_images(runs.services, kept("sha256-2"), "")["web"]
    assert (found.image, found.build) == ("sha256-2", kept("x").services["web"].build)
    with pytest.raises(PlanError, match="shop: no service has a build in its spec"):
        with_built_images(runs.services, shop(), "")
    with pytest.raises(PlanError, match="shop: web has no build in its spec"):
        with_built_images(runs.services, shop(), "web")
