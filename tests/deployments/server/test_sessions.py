"""A browser's login expires, and its code is good once."""

import pytest

from deployments.server.login import Login
from deployments.server.sessions import CODE_SECONDS, MOST_CODES, SESSION_SECONDS, Codes, is_session, session_text

pytestmark = pytest.mark.pure
LOGIN = Login("s" * 43)
NOW = 1_700_000_000.0


def test_a_session_is_good_until_it_expires() -> None:
    text = session_text(LOGIN, NOW)
    assert is_session(LOGIN, text, NOW)
    assert is_session(LOGIN, text, NOW + SESSION_SECONDS - 2)
    assert not is_session(LOGIN, text, NOW + SESSION_SECONDS + 1)
    assert LOGIN.secret not in text
    assert text != session_text(LOGIN, NOW)


def test_another_installations_session_is_none() -> None:
    assert not is_session(Login("t" * 43), session_text(LOGIN, NOW), NOW)


def test_nobody_makes_one_up() -> None:
    user, _, password = session_text(LOGIN, NOW).partition(":")
    until, nonce, signature = password.split(".")
    later = str(int(until) + 1)
    forged = (
        f"{user}:{later}.{nonce}.{signature}", f"{user}:{until}.other.{signature}", f"{user}:{until}.{nonce}.",
        f"tenfold:{password}", f"{user}:{until}.{nonce}.{'0' * 64}", f"{user}:", "", ":", f"{user}:..", f"{user}:é.é.é",
    )  # fmt: skip
    assert not [text for text in forged if is_session(LOGIN, text, NOW)]


def test_a_code_is_good_once_and_soon() -> None:
    codes = Codes()
    first, second = codes.issue(NOW), codes.issue(NOW)
    assert codes.take(first, NOW + CODE_SECONDS - 1)
    assert not codes.take(first, NOW)
    assert not codes.take(second, NOW + CODE_SECONDS)
    assert not codes.take("", NOW)


def test_codes_that_nobody_takes_are_forgotten() -> None:
    codes = Codes()
    issued = [codes.issue(NOW) for _ in range(MOST_CODES + 1)]
    assert not codes.take(issued[0], NOW)
    assert codes.take(issued[-1], NOW)
