"""The images keep the contracts of the official ones, as far as a stack relies on them."""

import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from docker import DockerClient
from docker.models.containers import Container

from infra_specs.catalogue.images import pinned
from tests.support.box import Box, ask, deadline, locked, until, user_of_first_process
from tests.support.images import images as build_images

pytestmark = [pytest.mark.docker, pytest.mark.proof]


def psql(container: Container, sql: str, user: str = "postgres", database: str = "postgres") -> str:
    code, output = ask(container, "psql", "-U", user, "-d", database, "-tAc", sql)
    assert code == 0, output
    return output.strip()


def serves(container: Container) -> bool:
    """Whether PostgreSQL answers over TCP, which it does not before it is wholly set up."""
    return ask(container, "pg_isready", "-h", "127.0.0.1")[0] == 0


def cli(container: Container, *words: str) -> str:
    return ask(container, "valkey-cli", *words)[1]


def test_a_second_build_builds_nothing(engine: DockerClient, images: dict[str, str]) -> None:
    before = {tag: engine.images.get(tag).id for tag in images.values()}
    assert build_images(engine) == images
    assert {tag: engine.images.get(tag).id for tag in images.values()} == before


def test_all_that_is_not_there_is_an_official_name(images: dict[str, str]) -> None:
    assert {pinned()[kind] for kind in ("database", "cache", "proxy")} < set(images)
    assert all(tag == f"tenfold-test/{name}" for name, tag in images.items())


def test_postgres_takes_its_password_from_a_file(box: Box, tmp_path: Path) -> None:
    (tmp_path / "password").write_text("from-a-file\n")
    (tmp_path / "password").chmod(0o444)
    (tmp_path / "first.sql").write_text("create table made (by text); insert into made values ('a file');")
    script = "psql -U $POSTGRES_USER -d $POSTGRES_DB -c \"insert into made values ('a script')\""
    (tmp_path / "second.sh").write_text(script)
    server = box.run(
        "postgres:18.6",
        "db",
        "postgres",
        "-c",
        "max_connections=7",
        environment={"POSTGRES_USER": "app", "POSTGRES_DB": "shop", "POSTGRES_PASSWORD_FILE": "/run/secrets/password"},
        volumes={
            str(tmp_path / "password"): {"bind": "/run/secrets/password", "mode": "ro"},
            str(tmp_path / "first.sql"): {"bind": "/docker-entrypoint-initdb.d/1.sql", "mode": "ro"},
            str(tmp_path / "second.sh"): {"bind": "/docker-entrypoint-initdb.d/2.sh", "mode": "ro"},
        },
    )
    until(server, lambda: serves(server))
    assert psql(server, "show max_connections", "app", "shop") == "7"
    assert psql(server, "select string_agg(by, ', ' order by by) from made", "app", "shop") == "a file, a script"
    assert user_of_first_process(server) == "999"
    assert box.opens("db", 5432)
    assert not box.opens("db", 5433)
    url = "postgresql://app:{}@db/shop"
    assert ask(server, "psql", url.format("from-a-file"), "-tAc", "select 1") == (0, "1\n")
    assert "password authentication failed" in ask(server, "psql", url.format("wrong"), "-tAc", "select 1")[1]


def test_postgres_keeps_its_data_and_ends_well(box: Box) -> None:
    volume = box.engine.volumes.create(f"{box.network}-data")
    try:
        data = {volume.name: {"bind": "/var/lib/postgresql", "mode": "rw"}}
        how: dict[str, Any] = {"environment": {"POSTGRES_PASSWORD": "p"}, "volumes": data}
        first = box.run("postgres:18.6", "db", **how)
        until(first, lambda: serves(first))
        psql(first, "create table kept ()")
        first.stop(timeout=deadline)
        assert first.wait()["StatusCode"] == 0
        # Locked down as far as it goes once there is a user and a data folder: nothing to write to but these.
        tmpfs = {"/var/run/postgresql": "uid=999,gid=999,mode=3775", "/tmp": ""}
        second = box.run("postgres:18.6", "db", **how, **locked, tmpfs=tmpfs, user="999:999")
        until(second, lambda: serves(second))
        assert psql(second, "select count(*) from kept") == "0"
        first.remove(v=True)
        second.remove(force=True)
    finally:
        volume.remove()


def test_postgres_refuses_to_be_without_a_password(box: Box) -> None:
    server = box.run("postgres:18.6", "db")
    assert server.wait(timeout=deadline)["StatusCode"] == 1
    assert b"POSTGRES_PASSWORD" in server.logs()


def test_valkey_with_arguments(box: Box) -> None:
    server = box.run("valkey/valkey:9.1.2", "cache", "valkey-server", "--requirepass", "p", "--maxmemory", "20mb")
    until(server, lambda: "PONG" in cli(server, "-a", "p", "ping"))
    assert "NOAUTH" in cli(server, "ping")
    assert "20971520" in cli(server, "-a", "p", "config", "get", "maxmemory")
    assert user_of_first_process(server) == "999"
    assert box.opens("cache", 6379)


def test_valkey_with_a_file_and_nothing_to_write_to(box: Box, tmp_path: Path) -> None:
    (tmp_path / "valkey.conf").write_text('requirepass p\nsave ""\n')
    mount = {str(tmp_path / "valkey.conf"): {"bind": "/etc/valkey.conf", "mode": "ro"}}
    server = box.run("valkey/valkey:9.1.2", "cache", "/etc/valkey.conf", volumes=mount, user="999:999", **locked)
    until(server, lambda: "PONG" in cli(server, "-a", "p", "ping"))


def test_envoy_with_a_file_and_nothing_to_write_to(box: Box, tmp_path: Path) -> None:
    direct = {"status": 200, "body": {"inline_string": "from envoy"}}
    routes = [{"match": {"prefix": "/"}, "direct_response": direct}]
    answer = {"name": "answer", "virtual_hosts": [{"name": "all", "domains": ["*"], "routes": routes}]}
    kind = "type.googleapis.com/envoy.extensions.filters"
    http = {
        "@type": f"{kind}.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "in",
        "route_config": answer,
        "http_filters": [{"name": "router", "typed_config": {"@type": f"{kind}.http.router.v3.Router"}}],
    }
    address = {"socket_address": {"address": "0.0.0.0", "port_value": 10000}}
    filters = {"filters": [{"name": "http", "typed_config": http}]}
    listener = {"name": "in", "address": address, "filter_chains": [filters]}
    (tmp_path / "envoy.json").write_text(json.dumps({"static_resources": {"listeners": [listener]}}))
    mount = {str(tmp_path / "envoy.json"): {"bind": "/etc/envoy/envoy.json", "mode": "ro"}}
    free = box.run("envoyproxy/envoy:v1.40.0", "free", "-c", "/etc/envoy/envoy.json", volumes=mount)
    command = ("envoy", "-c", "/etc/envoy/envoy.json")
    tight = box.run("envoyproxy/envoy:v1.40.0", "tight", *command, volumes=mount, user="101:101", **locked)

    def answers(name: str) -> bool:
        return box.fetch(f"http://{name}:10000/") == "from envoy"

    for name, proxy in {"free": free, "tight": tight}.items():
        until(proxy, partial(answers, name))
        assert user_of_first_process(proxy) == "101"


def test_the_sample_app_with_its_database_and_cache(box: Box) -> None:
    database = box.run("postgres:18.6", "db", environment={"POSTGRES_PASSWORD": "p"})
    box.run("valkey/valkey:9.1.2", "cache")
    until(database, lambda: serves(database))
    env = {"DATABASE_URL": "postgresql://postgres:p@db/postgres", "CACHE_URL": "redis://cache:6379/0"}
    app = box.run("tenfold-sample:1", "app", environment=env, **locked)
    until(app, lambda: box.fetch("http://app:8000/healthz") == "ok\n")
    visit = json.loads(box.fetch("http://app:8000/api/visit") or "{}")
    assert (visit["visits"], visit["hits"]) == (1, 1)
    assert user_of_first_process(app) == "10001"
    app.stop(timeout=deadline)
    assert app.wait()["StatusCode"] == 0


def test_the_tiny_ones(box: Box) -> None:
    container = box.run("tenfold-tiny:1", "one", environment={"PORT": "9000"}, **locked)
    until(container, lambda: box.fetch("http://one:9000/healthz") == "ok\n")
    assert box.fetch("http://one:9000/") == "release 1\n"
    two = box.run("tenfold-tiny:2", "two")
    until(two, lambda: box.fetch("http://two:8000/") == "release 2\n")
    sick = box.run("tenfold-tiny:sick", "sick")
    until(sick, lambda: box.fetch("http://sick:8000/") == "release sick\n")
    assert box.fetch("http://sick:8000/healthz") is None
    container.stop(timeout=deadline)
    assert container.wait()["StatusCode"] == 0
    for name, says in {"tenfold-tiny:crash": b"no such table", "tenfold-sample:crash": b"no such module"}.items():
        crash = box.run(name, "crash")
        assert crash.wait(timeout=deadline)["StatusCode"] == 1
        assert says in crash.logs()
