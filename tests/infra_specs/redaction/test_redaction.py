"""What is replaced, by what, and what is left as it is."""

import base64
import json

import pytest

from infra_specs.redaction import Redaction, Stream

pytestmark = pytest.mark.pure

PASSWORD = 'p@ss "word"/&%+é-2043'
KEY = """-----BEGIN NOT A REAL KEY-----
QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFB

QkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJC
-----END NOT A REAL KEY-----
"""


@pytest.mark.parametrize(
    ("secrets", "text", "told"),
    [
        ({"a": "acme-live", "b": "acme-live-production-key"}, "is acme-live-production-key", "is [secret b]"),
        ({"a": "acme-live", "b": "live-production"}, "acme-live-production!", "[secret b]!"),
        ({"c": "1"}, "10 rows, 1 of 11 failed", "10 rows, 1 of 11 failed"),
        ({"c": "        "}, "if x:\n        pass", "if x:\n        pass"),
        ({"p": PASSWORD}, f"said {json.dumps(PASSWORD)}", 'said "[secret p]"'),
        ({"p": PASSWORD}, f"said {PASSWORD!r}", "said '[secret p]'"),
        ({"p": "value-in-a-login"}, "Basic " + base64.b64encode(b"user:value-in-a-login").decode(),
         "Basic dXNlcj[secret p]"),
        ({"p": "value-in-UTF-16"}, f"is {base64.b64encode('x value-in-UTF-16'.encode('utf-16-le')).decode()}",
         "is eAAgA[secret p]AA=="),
        ({"p": "value-in-UTF-16"}, base64.b64encode("x value-in-UTF-16".encode("utf-16-be")).decode(),
         "AHgAIA[secret p]"),
        ({"k": KEY}, f"is {KEY!r}", "is '[secret k]\\n'"),
        ({"k": KEY}, "web | QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFB", "web | [secret k]"),
        ({"k": KEY}, "-----BEGIN NOT A REAL KEY-----", "-----BEGIN NOT A REAL KEY-----"),
        ({"k": KEY}, "$ echo $KEY\n" + " ".join(KEY.split()), "$ echo $KEY\n[secret k]"),
        ({"secret": "[secret x]"}, "is [secret x]", "is [secret secret]"),
        ({"password": "password"}, "no password given", "no [secret] given"),
        ({"a": "[secret]"}, "a [secret] kept", "a [secret a] kept"),
        ({"s": "  spaced out  "}, "said 'spaced out'", "said '[secret s]'"),
        ({"u": "postgresql://app:its-password@db/app"}, "role app, its-password", "role app, [secret u]"),
        ({"s": "abab1abab"}, "abab1abab1abab", "[secret s]"),
        ({"s": "C:\\new\\table\\"}, json.dumps("C:\\new\\table\\"), '"[secret s]"'),
        ({"s": r"a.*+?^$(b)|[c]{2}"}, r"a.*+?^$(b)|[c]{2} and axxxb", "[secret s] and axxxb"),
        ({"s": "wide\xa0\u2028and\x85odd"}, 'key: "wide\\_\\Land\\Nodd"', 'key: "[secret s]"'),
        ({"long": "x7" * 5000}, "cut off: " + "x7" * 700, "cut off: [secret long]"),
    ],
)  # fmt: skip
def test_values_are_replaced_by_their_names(secrets: dict[str, str], text: str, told: str) -> None:
    redaction = Redaction({name: [value] for name, value in secrets.items()})
    assert redaction.redacted(text) == told


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("from https://user:token@host/x", "from https://user:***@host/x"),
        ("postgresql+psycopg://app:p@ss@db:5432/app", "postgresql+psycopg://app:***@db:5432/app"),
        ("redis://:hunter2@cache", "redis://:***@cache"),
        ('{"url":"https:\\/\\/me:mine@host"}', '{"url":"https:\\/\\/me:***@host"}'),
        ("https://ghp_0123456789abcdef@github.com/x", "https://***@github.com/x"),
        ("postgres://app:Ab/cd+ef12345@db:5432/x", "postgres://app:***@db:5432/x"),
        ("postgres://app:/pass@db:5432/x", "postgres://app:***@db:5432/x"),
        ('{"url":"amqp:\\/\\/me:its\\/own@[::1]:5672"}', '{"url":"amqp:\\/\\/me:***@[::1]:5672"}'),
        ("https://host/@user/x, https://host:8443/@user/x, http://[::1]:80/@user", None),
        ("registry://host:5000/image@sha256:0123, git+https://host:8443/x.git@v1.2", None),
        ("https://host?to=https://other/@user, https://host/a:b@c, https:\\/\\/host:80\\/@user", None),
        ("https://user@host, ssh://git@host, git@host:x/y, a@b.example", None),
        ("http://localhost:8000/ asked by x@y.example", None),
        ("https://user:***@host", None),
    ],
)
def test_urls_lose_their_credentials_whoever_set_them(text: str, told: str | None) -> None:
    assert Redaction({}).redacted(text) == (told or text)
    assert Redaction({"s": ["unrelated-value"]}).redacted(text) == (told or text)


def test_every_version_and_bytes_are_looked_for() -> None:
    data = bytes(range(0xF0, 0x100)) + b"\0\n"
    redaction = Redaction({"s": ["version-one", "version-two", data]})
    text = f"version-one, version-two, {base64.b64encode(data).decode()}, {data!r}, {data.hex()}"
    assert all(part not in redaction.redacted(text) for part in ("version-", data.hex(), "\\xf0\\xf1", "8PHy"))


def test_a_slow_program_tells_no_line_of_a_value() -> None:
    short = "first li\nsecond\nthird\n4"
    redaction = Redaction({"s": [short]})
    stream = Stream(lambda: redaction)
    told = [stream.take(line) for line in ("begun\n", "key: first li\n", "second\n", "third\n", "4\n", "going on\n")]
    assert told == ["begun\n", "", "", "", "key: [secret s]\n", "going on\n"]
    assert [stream.take("first li\n"), stream.take("but no more\n"), stream.end()] == [
        "",
        "first li\nbut no more\n",
        "",
    ]


@pytest.mark.parametrize("digest", ["0123456789abcdef" * 4, "0123456789ABCDEF" * 4, "sha-" + "0123456789abcdef" * 4])
def test_a_digest_waits_for_no_further_line(digest: str) -> None:
    redaction = Redaction({"s": ["a-value-of-more-than-22-bytes"]})
    assert Stream(lambda: redaction).take(f"pulled sha256:{digest}\n") == f"pulled sha256:{digest}\n"
    wrapped = base64.encodebytes(b"begun " * 20).decode().splitlines(keepends=True)[0]
    assert Stream(lambda: redaction).take(wrapped) == ""


def test_empty_lines_around_a_value_hold_nothing_back() -> None:
    redaction = Redaction({"s": ["\n\nabc-d\n\n\n"]})
    assert Stream(lambda: redaction).take("any line\n\n") == "any line\n\n"


def test_a_stream_tells_the_rest_at_its_end() -> None:
    stream = Stream(lambda: Redaction({"s": ["its-value"]}))
    assert [stream.take("no line end, its-"), stream.take("value"), stream.end()] == ["", "", "no line end, [secret s]"]


def test_a_long_log_of_many_secrets_has_few_places() -> None:
    secrets = {f"s{number}": [f"value-{number}-of-many"] for number in range(50)}
    log = "\n".join(f"2026-01-01T00:00:00Z GET /api/{number} 200 {number * 7919:032x}" for number in range(15_000))
    assert Redaction(secrets).redacted(log) == log
    assert Redaction(secrets).redacted(f"{log}\nvalue-7-of-many") == f"{log}\n[secret s7]"
