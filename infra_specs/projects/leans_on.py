"""The needs of a project by the packages that it names, and the variables that its code reads them from."""

import re
from collections.abc import Collection, Iterator

from infra_specs.projects.folder import Folder, Guess

PACKAGES = {
    "database": {
        "psycopg", "psycopg2", "psycopg2-binary", "asyncpg", "pg8000", "psycopg-binary", "dj-database-url",
        "pg", "pg-promise", "postgres", "@prisma/client", "prisma", "sequelize", "typeorm", "knex", "drizzle-orm",
    },
    "queue": {"celery", "rq", "dramatiq", "arq", "huey", "bull", "bullmq", "bee-queue", "sidekiq", "resque"},
    "cache": {
        "redis", "valkey", "django-redis", "flask-caching", "aioredis", "ioredis", "connect-redis", "@redis/client",
        "iovalkey",
    },
}  # fmt: skip
"""Packages that talk to a need. One that is for a queue explains a Redis client beside it."""

VARIABLES = {
    "database": {"POSTGRES_URL": "url", "DB_URL": "url", "SQLALCHEMY_DATABASE_URI": "url", "PGHOST": "host",
                 "PGPORT": "port", "PGUSER": "user", "PGPASSWORD": "password", "PGDATABASE": "name",
                 "POSTGRES_HOST": "host", "POSTGRES_PORT": "port", "POSTGRES_USER": "user",
                 "POSTGRES_PASSWORD": "password", "POSTGRES_DB": "name", "DB_HOST": "host", "DB_PORT": "port",
                 "DB_USER": "user", "DB_PASSWORD": "password", "DB_NAME": "name"},
    "cache": {"REDIS_URL": "url", "VALKEY_URL": "url", "REDIS_HOST": "host", "REDIS_PORT": "port",
              "REDIS_PASSWORD": "password"},
    "queue": {"CELERY_BROKER_URL": "url", "BROKER_URL": "url", "CELERY_RESULT_BACKEND": "url", "REDIS_URL": "url",
              "REDIS_HOST": "host", "REDIS_PORT": "port", "REDIS_PASSWORD": "password"},
}  # fmt: skip
"""Variables that apps read a need from by another name than ours, and what of the need each holds."""
SECRET_NAMES = re.compile(r"\b((?:DJANGO_)?SECRET_KEY|SECRET_KEY_BASE|RAILS_MASTER_KEY|SESSION_SECRET|JWT_SECRET)\b")
READS = re.compile(r"environ|getenv|process\.env|ENV[\[.]|env\(")
CODE = (".py", ".js", ".mjs", ".cjs", ".ts", ".rb", ".env.example", ".env.sample")


def needs_of(packages: Collection[str], file: str) -> Iterator[tuple[str, Guess]]:
    """Each need that the packages of this file lean on. A Redis client is a cache unless a queue explains it."""
    used = {need: sorted(names & set(packages)) for need, names in PACKAGES.items()}
    for need in ("database", "cache", "queue"):
        if used[need] and not (need == "cache" and used["queue"] and len(used["cache"]) == 1):
            yield need, Guess(f"{need}, for it uses {used[need][0]}", file)


def variables_of(folder: Folder, needs: Collection[str]) -> dict[str, dict[str, str]]:
    """What `env` must give, by the variables that the code reads: those of needs, and those that hold a secret."""
    code = "\n".join(text for _, text in folder.sources(*CODE))
    words = set(re.findall(r"[A-Z][A-Z0-9_]{3,}", code))
    env: dict[str, dict[str, str]] = {}
    for need in ("cache", "database", "queue"):
        if need in needs:
            env |= {name: {"from": f"{need}.{part}"} for name, part in VARIABLES[need].items() if name in words}
    env |= {name: {"secret": name.lower()} for name in sorted(set(SECRET_NAMES.findall(_environment_reads(code))))}
    return env


def _environment_reads(code: str) -> str:
    """The lines that read a variable of the environment."""
    return "\n".join(line for line in code.splitlines() if READS.search(line))
