"""What is told of an address hides all of it, and what is too long for a receiver is sent in parts."""

from unittest import mock

import pytest

from infra_specs.errors import TransientError
from tasks.stack.addresses import send

SLACK = "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ"
TELEGRAM = "tgram://123456789:abcdefg_hijklmnop-qrstuvwxyz12345678/12315544/"
DISCORD = f"discord://123456789012345678/{'a' * 60}"


@pytest.mark.parametrize(
    ("address", "tokens"),
    [
        (SLACK, ("T1JJ3T3L2", "A1BRTD4JD", "TIiajkdnlazkcOXrIdevi7FQ")),
        (TELEGRAM, ("123456789", "abcdefg_hijklmnop-qrstuvwxyz12345678", "12315544")),
        (DISCORD, ("123456789012345678", "a" * 60)),
        ("json://user:pass%40word@host.example/tok%2Fen?+key=secret", ("user", "pass@word", "pass%40word", "tok/en")),
    ],
)
def test_an_error_of_a_receiver_tells_no_part_of_its_address(address: str, tokens: tuple[str, ...]) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(f"cannot reach {address.lower()} {' and '.join(tokens)}")

    with (
        mock.patch("requests.post", fail),
        mock.patch("requests.request", fail),
        pytest.raises(TransientError) as error,
    ):
        send(address, "title", "body")
    for token in tokens:
        assert token.lower() not in str(error.value).lower()


def test_a_message_that_is_too_long_is_sent_in_parts() -> None:
    texts: list[str] = []

    def take(_: object, data: str, **__: object) -> mock.Mock:
        texts.append(data)
        return mock.Mock(status_code=204, content=b"", headers={})

    with mock.patch("requests.post", take):
        send(DISCORD, "title", "\n".join(f"line {number} of a long text" for number in range(300)))
    assert len(texts) > 1
    assert all(len(text) < 3000 for text in texts)
    assert "line 299 of" in texts[-1]
