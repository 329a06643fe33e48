"""No line of a log and no error tells a secret that this process has read, whoever wrote it."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from docker.errors import APIError
from requests import Response

from infra_specs.app_text.shown import LINE_BYTES
from infra_specs.errors import ProviderError
from tasks.base.known_secrets import known_secrets
from tasks.base.settings import Settings
from tasks.ledger import Ledger
from tasks.run.redacted_logs import redact_logs, without_secrets
from tasks.run.retry import retryable_task

VALUE = 'p@ss "word"/2043'


@pytest.fixture(autouse=True)
def _redacted() -> Iterator[None]:
    before = logging.getLogRecordFactory()
    redact_logs()
    redact_logs()
    known_secrets.learn("stripe", VALUE)
    yield
    logging.setLogRecordFactory(before)


def test_a_librarys_line_is_without_secrets(caplog: pytest.LogCaptureFixture) -> None:
    log = logging.getLogger("urllib3.connectionpool")
    log.warning("Retrying %s of %s", f"https://user:{VALUE}@host", {"password": VALUE})
    log.warning("a clone of https://me:my-token@git.example/x")
    assert caplog.messages == [
        "Retrying https://user:[secret stripe]@host of {'password': '[secret stripe]'}",
        "a clone of https://me:***@git.example/x",
    ]


def test_a_line_of_megabytes_is_cut_before_anybody_keeps_it(caplog: pytest.LogCaptureFixture) -> None:
    logging.getLogger("any").error("It wrote:\n%s", "x" * 4 * 2**20 + "\x1b[2J")
    first, second = caplog.messages[0].splitlines()
    assert first == "It wrote:"
    assert len(second) == LINE_BYTES
    assert second.endswith(" bytes more cut]")


def test_an_error_of_megabytes_is_cut() -> None:
    assert len(str(without_secrets(ProviderError("x" * 4 * 2**20)))) == LINE_BYTES
    assert str(without_secrets(ValueError("\x1b[2J"))) == r"ValueError: \x1b[2J"


def test_a_traceback_is_without_secrets(caplog: pytest.LogCaptureFixture) -> None:
    try:
        _ = {}[VALUE]
    except KeyError as error:
        error.__cause__ = ValueError(VALUE)
        logging.getLogger("any").exception("It failed:")
    assert "KeyError: '[secret stripe]'" in caplog.text
    assert "ValueError: [secret stripe]" in caplog.text
    assert VALUE not in caplog.text


def test_a_line_without_a_secret_keeps_its_values(caplog: pytest.LogCaptureFixture) -> None:
    logging.getLogger("any").warning("%s of %d", "one", 2)
    assert caplog.records[0].args == ("one", 2)
    logging.getLogger("any").warning("%d of", 1)


def test_an_error_of_ours_keeps_its_kind() -> None:
    error = ProviderError(f"the engine refused: {VALUE}")
    assert without_secrets(error) is error
    assert str(error) == "the engine refused: [secret stripe]"


def test_an_error_of_a_library_is_told_by_its_name() -> None:
    error = APIError("500 Server Error", Response(), explanation=f"invalid environment: KEY={VALUE}")
    told = without_secrets(error)
    assert "invalid environment: KEY=[secret stripe]" in str(told)
    assert str(told).startswith("APIError: ")
    harmless = APIError("500 Server Error", Response())
    assert without_secrets(harmless) is harmless


@pytest.mark.parametrize("kind", [ProviderError, ValueError])
async def test_a_task_raises_no_secret(kind: type[Exception]) -> None:
    @retryable_task("fail")
    async def fail() -> None:
        raise kind(f"no login with {VALUE}")

    with pytest.raises((kind, RuntimeError), match=r"no login with \[secret stripe\]") as raised:
        await fail.fn()
    assert VALUE not in str(raised.value)
    assert raised.value.__context__ is None


def test_a_ledgers_password_is_known_once_it_is_opened(tmp_path: Path) -> None:
    url = "postgresql://app:its%2Fpass@127.0.0.1:1/app"
    with pytest.raises(Exception, match="cannot be reached"):
        Ledger.open(Settings(home=tmp_path, ledger_url=url))
    assert known_secrets.redacted("with its/pass or its%2Fpass") == "with [secret ledger] or [secret ledger]"


def test_every_kept_version_of_a_stack_is_known_once_text_is_taken_in(tmp_path: Path) -> None:
    with Ledger.open(Settings(home=tmp_path)) as ledger:
        ledger.secrets.set("shop", "mail", "the-first-value")
        ledger.secrets.set("shop", "mail", b"\xff the-second-value")
    known_secrets._values.clear()
    known_secrets.tokens.clear()
    known_secrets.learn("stripe", VALUE)
    with Ledger.open(Settings(home=tmp_path)) as ledger:
        assert known_secrets.redacted("the-first-value") == "the-first-value"
        told = ledger.secrets.redacted("shop", f"the-first-value, {b'%s the-second-value' % bytes([255])!r}")
        assert told == "[secret mail], b'[secret mail]'"
        Settings(home=tmp_path).key_file.unlink()
        known_secrets.tokens.clear()
        assert ledger.secrets.redacted("shop", "the-first-value").startswith("Not shown, since it may hold secrets")
