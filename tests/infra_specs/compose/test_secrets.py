"""No secret of a Compose file is written, and no value leads to another server than the file says."""

from typing import Any

import pytest
import yaml

from infra_specs.compose.document import compose_document
from infra_specs.compose.import_stack import Imported, import_compose
from infra_specs.compose.secret_values import is_secret, masked, masked_words
from infra_specs.compose.variables import env_file
from infra_specs.projects.draft_text import draft_text
from infra_specs.stackfile.reading.load import load

pytestmark = pytest.mark.pure

DB = "  db: {image: 'postgres:12', environment: {POSTGRES_USER: shop, POSTGRES_PASSWORD: hunter2pass}}\n"
REDIS = "  redis: {image: redis}\n"
MYSQL = "  mysql: {image: mysql}\n"


def imported(text: str, **variables: str) -> Imported:
    document = compose_document("services:\n" + text, "compose.yaml", variables)
    return import_compose(document, {"web.env": "STRIPE=hunter2file\nLEVEL=info\n"})


def env_of(result: Imported) -> dict[str, Any]:
    text = draft_text(result.draft, "shop", 1000, "schema.json")
    load(text)
    env: dict[str, Any] = yaml.safe_load(text)["services"]["web"].get("env", {})
    return env


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("DB_PASS", "hunter2", True),
        ("DB_PWD", "12345", True),
        ("X_AUTH", "abc", True),
        ("PASSWORD_SALT", "abc", True),
        ("jwtSecret", "abc", True),
        ("DSN", "host=db user=u", True),
        ("database__connection__password", "abc", True),
        ("PGPASSWORD", "abc", True),
        ("TLS_CERT", "abc", True),
        ("URL", "https://user:hunter2@host/x", True),
        ("MAIL", "smtp://me:hunter2mail@smtp.example.com", True),
        ("SENTRY", "https://0123456789abcdef@o1.ingest.example.com/1", True),
        ("JAVA_OPTS", "-Xmx1g -Dspring.datasource.password=hunter2", True),
        ("CONNECTION", "Server=db;User=app;Password=hunter2;", True),
        ("STRIPE", "sk_live_123456", True),
        ("SECRET_FILE", "/run/secrets/x", False),
        ("TOKEN_TTL", "3600", False),
        ("TOKEN_LIMIT", "3600", False),
        ("PUBLIC_KEY", "abc", False),
        ("NEXT_PUBLIC_STRIPE_KEY", "pk_live_1", False),
        ("AUTH_URL", "https://auth.example.com", False),
        ("RANDOM_PASSWORD", "yes", False),
        ("AUTHOR", "me", False),
        ("KEYBOARD", "us", False),
        ("BYPASS", "x", False),
        ("REPOSITORY", "ssh://git@example.com/x", False),
        ("PASSWORD", "", False),
    ],
)
def test_what_a_secret_is(name: str, text: str, expected: bool) -> None:
    assert is_secret(name, text) is expected


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("postgresql+asyncpg://u:p@db/app", "postgresql+asyncpg://u:***@db/app"),
        ("https://token@example.com/x", "https://***@example.com/x"),
        ("http://worker:8000/x", "http://worker:8000/x"),
        ("redis://redis:6379/1", "redis://redis:6379/1"),
        ("user=a password=hunter2 x=1", "user=a password=*** x=1"),
    ],
)
def test_a_login_is_shown_with_a_mask(text: str, shown: str) -> None:
    assert masked(text) == shown


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        (["serve", "--password=hunter2"], ["serve", "--password=***"]),
        (["serve", "--api-token", "hunter2"], ["serve", "--api-token", "***"]),
        (["serve", "--db", "postgres://u:hunter2@h/d"], ["serve", "--db", "postgres://u:***@h/d"]),
        (["redis-server", "--requirepass", "hunter2"], ["redis-server", "--requirepass", "***"]),
        (["env", "DB_PASS=hunter2", "serve"], ["env", "DB_PASS=***", "serve"]),
        (["serve", "--token-ttl=60", "--price=$5"], ["serve", "--token-ttl=60", "--price=$5"]),
        (["gunicorn", "--keyfile", "a.pem", "--bind", "0.0.0.0:8000"], ["gunicorn", "--keyfile", "a.pem", "--bind",
         "0.0.0.0:8000"]),
    ],
)  # fmt: skip
def test_a_secret_in_a_command_is_shown_with_a_mask(words: list[str], shown: list[str]) -> None:
    assert masked_words(words) == shown


@pytest.mark.parametrize(
    ("servers", "given", "expected"),
    [
        (DB, "{DATABASE_URL: 'postgres://u:p@db.example.com/prod'}", {"DATABASE_URL": {"secret": "database_url"}}),
        (DB, "{DATABASE_URL: 'postgres://shop:hunter2pass@db/shop'}", {}),
        (DB, "{DB_HOST: external.example.com, DB_NAME: prod, DB_PORT: 6543, DB_PASSWORD: hunter2pass}",
         {"DB_HOST": "external.example.com", "DB_NAME": "prod", "DB_PORT": "6543",
          "DB_PASSWORD": {"secret": "db_password"}}),
        (DB, "{DB_HOST: db, DB_PORT: 5432, DB_DATABASE: shop, DB_USERNAME: shop, DB_PASSWORD: hunter2pass}",
         {"DB_HOST": {"from": "database.host"}, "DB_PORT": {"from": "database.port"},
          "DB_DATABASE": {"from": "database.name"}, "DB_USERNAME": {"from": "database.user"},
          "DB_PASSWORD": {"from": "database.password"}}),
        (DB, "{DB_PASSWORD: hunter2pass, DB_PORT: 6543}",
         {"DB_PASSWORD": {"from": "database.password"}, "DB_PORT": "6543"}),
        (DB, "{SMTP_PASSWORD: hunter2pass}", {"SMTP_PASSWORD": {"secret": "smtp_password"}}),
        (DB + MYSQL,
         "{WORDPRESS_DB_HOST: mysql, WORDPRESS_DB_NAME: wp, WORDPRESS_DB_USER: wp, WORDPRESS_DB_PASSWORD: x}",
         {"WORDPRESS_DB_HOST": "mysql", "WORDPRESS_DB_NAME": "wp", "WORDPRESS_DB_USER": "wp",
          "WORDPRESS_DB_PASSWORD": {"secret": "wordpress_db_password"}}),
        ("  postgres: {image: postgres}\n" + REDIS,
         "{CACHE_DRIVER: redis, SESSION_DRIVER: redis, QUEUE_CONNECTION: redis, DB_CONNECTION: postgres}",
         {"CACHE_DRIVER": "redis", "SESSION_DRIVER": "redis", "QUEUE_CONNECTION": "redis",
          "DB_CONNECTION": "postgres"}),
        (REDIS, "{REDIS_HOST: redis, REDIS_DB: 1}", {"REDIS_HOST": {"from": "cache.host"}, "REDIS_DB": "1"}),
        ("", "{FILLED: '${SET}', PART: 'a-${SET}', UNSET: '${NONE}', PLAIN: '${NONE:-plain}', OVER: '${SET:-plain}'}",
         {"FILLED": {"secret": "filled"}, "PART": {"secret": "part"}, "UNSET": {"secret": "none"}, "PLAIN": "plain",
          "OVER": {"secret": "over"}}),
        ("", "[SET, NONE]", {"SET": {"secret": "set"}, "NONE": {"secret": "none"}}),
    ],
)  # fmt: skip
def test_an_environment(servers: str, given: str, expected: dict[str, Any]) -> None:
    result = imported(f"  web: {{image: a, environment: {given}}}\n{servers}", SET="hunter2set")
    assert env_of(result) == expected


def test_a_name_of_a_need_that_leads_elsewhere_keeps_the_need_out() -> None:
    result = imported("  web: {image: a, environment: {DATABASE_URL: 'postgres://u:p@db.example.com/prod'}}\n" + DB)
    assert result.draft.needs == ()
    assert "services.web.environment.DATABASE_URL leads to another server" in result.not_carried[0].why


def test_no_value_of_an_env_file_is_written() -> None:
    assert env_of(imported("  web: {image: a, env_file: web.env}\n")) == {
        "STRIPE": {"secret": "stripe"},
        "LEVEL": {"secret": "level"},
    }


@pytest.mark.parametrize(
    ("servers", "keys", "paths"),
    [
        (DB, "environment: {URL: 'postgresql+asyncpg://shop:hunter2@db/shop?sslmode=disable'}",
         ["services.web.environment.URL `postgresql+asyncpg://shop:***@db/shop?sslmode=disable`"]),
        (REDIS, "environment: {REDIS_URL: 'redis://redis:6379/1'}",
         ["services.web.environment.REDIS_URL `redis://redis:6379/1`"]),
        (REDIS, "environment: {REDIS_URL: 'redis://redis:6379/0'}", []),
        (DB, "environment: {JDBC: 'jdbc:postgresql://db:5432/app', HOSTPORT: 'db:5432'}",
         ["services.web.environment.JDBC `jdbc:postgresql://db:5432/app`",
          "services.web.environment.HOSTPORT `db:5432`"]),
        (MYSQL, "environment: {URL: 'mysql://u:hunter2@mysql/d'}",
         ["services.web.environment.URL `mysql://u:***@mysql/d`"]),
        ("", "build: {context: ., args: {TOKEN: hunter2, A: b}}", ["services.web.build.args.TOKEN `***`"]),
        ("", "build: 'https://user:hunter2@example.com/x.git'",
         ["services.web.build `https://user:***@example.com/x.git`"]),
        ("", "command: 'serve --password=${SET_PASSWORD}'", ["services.web.command `serve --password=***`"]),
        ("", "command: 'serve -u ${SET_PASSWORD}'", ["services.web.command `serve -u ***`"]),
    ],
)  # fmt: skip
def test_what_a_value_loses_is_named_without_its_secret(servers: str, keys: str, paths: list[str]) -> None:
    image = "" if "build" in keys else "image: a, "
    result = imported(f"  web: {{{image}{keys}}}\n{servers}", SET_PASSWORD="hunter2set")
    assert [lost.path for lost in result.not_carried if lost.path.startswith("services.web.")] == paths
    written = draft_text(result.draft, "shop", 1000, "schema.json")
    assert "hunter2" not in written + "".join(map(str, result.not_carried))


def test_a_second_database_is_not_the_first() -> None:
    result = imported("  web: {image: a, environment: {URL: 'postgres://u:p@pg2/x'}}\n"
                      "  pg: {image: postgres}\n  pg2: {image: postgres}\n")  # fmt: skip
    assert env_of(result) == {"URL": {"secret": "url"}}
    assert [lost.path for lost in result.not_carried] == [
        "services.pg `postgres`", "services.pg2 `postgres`", "services.web.environment.URL `postgres://u:***@pg2/x`",
    ]  # fmt: skip
    assert "services.pg becomes it" in result.not_carried[1].why


def test_what_a_replaced_service_loses() -> None:
    result = imported(
        "  web: {image: a}\n"
        "  db:\n    image: postgres:12\n    command: postgres -c max_connections=500 --password=hunter2\n"
        "    volumes: ['data:/var/lib/postgresql/data', './init.sql:/docker-entrypoint-initdb.d/init.sql']\n"
    )
    lost = {entry.path: entry.why for entry in result.not_carried}
    assert list(lost) == [
        "services.db `postgres:12`",
        "services.db.command `postgres -c max_connections=500 '--password=***'`",
        "services.db.volumes `./init.sql`",
    ]
    assert "in place of 12" in lost["services.db `postgres:12`"]


def test_one_name_with_two_values_is_two_secrets() -> None:
    result = imported("  web: {image: a, environment: {API_KEY: x, JWT_SALT: y}}\n"
                      "  api: {image: b, environment: {API_KEY: z, JWT_SALT: y}}\n")  # fmt: skip
    assert [service.keys["env"] for service in result.draft.services] == [
        {"API_KEY": {"secret": "api_key"}, "JWT_SALT": {"secret": "jwt_salt"}},
        {"API_KEY": {"secret": "api_api_key"}, "JWT_SALT": {"secret": "jwt_salt"}},
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A=1 # note\nexport B = 'x # y'\n# C=1\nD=\nE=\"a\nF=b\"\nG=a#b\r\n",
         {"A": "1", "B": "x # y", "D": "", "E": "a\nF=b", "G": "a#b"}),
        ("no line\n", {}),
    ],
)  # fmt: skip
def test_an_env_file(text: str, expected: dict[str, str]) -> None:
    assert env_file(text) == expected
