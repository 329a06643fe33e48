"""A part of a structured value is not told on its own."""

import json

import pytest

from infra_specs.redaction import Redaction

pytestmark = pytest.mark.pure

PEM = "-----BEGIN NOT A KEY-----\nQUFBQUFBQUFBQUFBQUFBQUFB\nQkJCQkJCQkJCQkJCQkJC\n-----END NOT A KEY-----\n"
account = json.dumps({"type": "service", "private_key": PEM, "users": [{"password": "hunter22"}], "port": 5432})
ENVIRONMENT = """A=1
export DB_PASSWORD="correct horse battery"
SALT='its salt'
# API_KEY: abcd-1234
NAME=some name of sixteen
"""


@pytest.mark.parametrize(
    ("value", "text", "told"),
    [
        (account, f"key: {PEM}", "key: [secret s]\n"),
        (account, "is QkJCQkJCQkJCQkJCQkJC", "is [secret s]"),
        (account, "login hunter22 at 5432, a service", "login [secret s] at 5432, a service"),
        (account, account, "[secret s]"),
        (f"ACCOUNT='{account}'", "login hunter22", "login [secret s]"),
        ('{"url": "redis://:its/pa\'ss1@cache"}', "with its/pa'ss1", "with [secret s]"),
        ('{"auths": {"r.example": {"auth": "dXNlcjpodW50ZXIyaHVudGVy"}}}', "user hunter2hunter", "user [secret s]"),
        (ENVIRONMENT, "is correct horse battery", "is [secret s]"),
        (ENVIRONMENT, "is abcd-1234 of its salt", "is [secret s] of its salt"),
        (ENVIRONMENT, "is some name of sixteen", "is [secret s]"),
        (f"KEY={json.dumps(PEM)}", "is QUFBQUFBQUFBQUFBQUFBQUFB", "is [secret s]"),
        ("host=db password=hunter2hunter2 user=app", "hunter2hunter2 for app of db", "[secret s] for app of db"),
        (r"password='it\'s hunter2' host=db", "it's hunter2", "[secret s]"),
        ("Server=db;Password=abc-12345;Database=shop", "abc-12345 at shop", "[secret s] at shop"),
        ("jdbc:postgresql://db/x?user=app&password=a%2Fb-12345", "a/b-12345 a%2Fb-12345", "[secret s] [secret s]"),
        ("users:\n- token: eyJhbGciOiJSUzI1\n  name: me", "Bearer eyJhbGciOiJSUzI1", "Bearer [secret s]"),
        ('{"a": "\\ud800 half of a character"}', "nothing of it", "nothing of it"),
    ],
)
def test_a_part_alone(value: str, text: str, told: str) -> None:
    assert Redaction({"s": [value]}).redacted(text) == told


@pytest.mark.parametrize("value", ["postgres://app:{}@db:5432/x", "redis://:{}@cache", "amqp://a:{}@mq/v?name=x"])
@pytest.mark.parametrize(
    "password", ["Ab/cd+ef12345", "ab'cd\"ef<12>", "/its/first", "p@ss/wo@rd", "pa:ss:word", "100%/2Fab"]
)
def test_any_password_of_a_url(value: str, password: str) -> None:
    redaction = Redaction({"s": [value.format(password)]})
    assert redaction.redacted(f"failed with {password}") == "failed with [secret s]"
    assert password not in redaction.redacted(f"at postgres://app:{password}@db:5432/other")


@pytest.mark.parametrize("value", ["postgres://app:its%2Fpass%27word@db", "postgres://app:its/pass'word@db"])
def test_a_password_is_found_decoded_and_encoded(value: str) -> None:
    told = Redaction({"s": [value]}).redacted("its/pass'word, its%2Fpass%27word, its%2fpass%27word")
    assert told == "[secret s], [secret s], [secret s]"
