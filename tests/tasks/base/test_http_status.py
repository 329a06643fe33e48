"""What is told of an HTTP answer's first line."""

import pytest

from tasks.base.http_status import status_line

pytestmark = pytest.mark.pure


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (b"HTTP/1.0 503 Service Unavailable\r\nServer: x\r\n\r\n", "HTTP/1.0 503 Service Unavailable"),
        (b"HTTP/1.1 500 no login as app with its-password\r\n", "HTTP/1.1 500 Internal Server Error"),
        (b"HTTP/1.1 599\r\n", "HTTP/1.1 599"),
        (b"its-password\r\n", "something that is not HTTP"),
        (b"", "nothing"),
    ],
)
def test_no_word_of_the_app_is_in_it(answer: bytes, said: str) -> None:
    assert status_line(answer) == said
