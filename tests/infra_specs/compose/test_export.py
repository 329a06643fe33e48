"""A stack as a Compose file, and back."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from infra_specs.compose.document import compose_document
from infra_specs.compose.export_stack import export_compose
from infra_specs.compose.import_stack import import_compose
from infra_specs.compose.variables import Unset, filled
from infra_specs.errors import PlanError
from infra_specs.projects.draft_text import draft_text
from infra_specs.stackfile.models.stack import Stack
from infra_specs.stackfile.reading.load import load

pytestmark = pytest.mark.pure

SHOP = """\
name: shop
target: {provider: docker, public_port: 8080}
services:
  web:
    image: example/shop:5
    command: [serve, --price=$5]
    entrypoint: image
    port: 8000
    public: true
    health: /up
    capacity: 20
    memory: 512MB
    cpus: 0.5
    drain: 10s
    env: {STRIPE_KEY: {secret: stripe}, PGHOST: {from: database.host}, NOTE: "5 $ each"}
    replicas: {min: 2}
  api:
    build: {context: ./api, target: prod}
    port: 4000
    route: {host: api.example.com, path: /v1}
    volumes: {files: /srv/files}
  jobs:
    image: example/jobs:1
    command: [work, fast]
    replicas: 3
needs: {database: postgres, cache: valkey, queue: valkey}
"""


def exported(text: str, **counts: int) -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load(export_compose(load(text), counts))
    return document


def test_services_needs_and_a_proxy_before_them() -> None:
    document = exported(SHOP)
    assert list(document["services"]) == ["web", "api", "jobs", "database", "cache", "queue", "proxy"]
    web = document["services"]["web"]
    assert web["command"] == ["serve", "--price=$$5"]
    assert web["environment"]["NOTE"] == "5 $$ each"
    assert web["environment"]["PGHOST"] == "database"
    assert web["deploy"] == {"replicas": 2, "resources": {"limits": {"memory": "536870912", "cpus": "0.5"}}}
    assert document["services"]["jobs"]["entrypoint"] == ["work", "fast"]
    assert document["services"]["api"]["volumes"] == ["api-files:/srv/files"]
    assert document["services"]["proxy"]["ports"] == ["8080:8080"]
    assert document["volumes"] == {"api-files": {}, "database": {}, "queue": {}}


def test_a_count_that_was_asked_for_by_hand_is_kept() -> None:
    assert exported(SHOP, web=7)["services"]["web"]["deploy"]["replicas"] == 7


def test_each_secret_is_asked_for_by_name_and_no_other_variable_is() -> None:
    document, asked = exported(SHOP), {}
    while True:
        try:
            filled(document, asked)
            break
        except Unset as unset:
            asked[str(unset)] = "a-value"
    assert set(asked) == {"STRIPE", "DATABASE_PASSWORD", "CACHE_PASSWORD", "QUEUE_PASSWORD"}


def test_the_proxy_leads_by_host_and_whole_path() -> None:
    config = exported(SHOP)["configs"]["proxy"]["content"].replace("$$", "$")
    assert "server_name _;" in config
    api = config.partition("server_name api.example.com;")[2]
    assert "location = /v1 {" in api
    assert "location /v1/ {" in api
    assert "proxy_pass http://$service_api:4000;" in api


def test_a_stack_without_a_port_has_no_proxy() -> None:
    text = "name: jobs\ntarget: {provider: docker}\nservices: {jobs: {image: a, replicas: 1}}\n"
    document = exported(text)
    assert (list(document["services"]), "configs" in document) == (["jobs"], False)


def test_programs_of_a_machine_are_refused() -> None:
    text = "name: shop\ntarget: {provider: local}\nservices: {web: {command: python app.py, port: 8000}}\n"
    with pytest.raises(PlanError) as refused:
        export_compose(load(text), {})
    assert str(refused.value) == (
        "shop runs programs of its machine (target local), and Compose runs images. Give each service an `image` or a "
        "`build`, and the target docker."
    )


def back(text: str) -> Stack:
    document = compose_document(export_compose(load(text), {}), "compose.yaml", {})
    result = import_compose(document, {})
    return load(draft_text(result.draft, document.name, 1000, "schema.json"))


FILES = Path(__file__).parent / "files"


@pytest.mark.parametrize("name", sorted(path.name for path in FILES.glob("*.yaml") if ".stack." not in path.name))
def test_a_round_trip_changes_nothing(name: str) -> None:
    expected = yaml.safe_load((FILES / name.replace(".yaml", ".stack.yaml")).read_text(encoding="utf-8"))
    document = compose_document((FILES / name).read_text(encoding="utf-8"), name, expected.get("variables", {}))
    text = draft_text(import_compose(document, expected.get("env_files", {})).draft, "shop", 1000, "schema.json")
    assert without_ports(back(text)) == without_ports(load(text))


def without_ports(stack: Stack) -> Any:
    return stack.model_copy(update={"target": None})


def test_a_round_trip_of_a_whole_stack() -> None:
    assert back(SHOP) == load(SHOP + "users: {monthly: 1000}\n")
