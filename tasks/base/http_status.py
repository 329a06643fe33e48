"""The status line of an HTTP answer without an app's own words: they may be cut, and hold half a secret."""

from http import HTTPStatus


def status_line(answer: bytes) -> str:
    """`HTTP/1.1 503 Service Unavailable` of an answer, whatever the app wrote behind the number."""
    version, _, rest = answer.split(b"\r\n", 1)[0].decode("latin-1").partition(" ")
    code = rest[:3]
    if not version.startswith("HTTP/") or not (code.isascii() and code.isdigit()):
        return "something that is not HTTP" if answer else "nothing"
    phrases = {status.value: status.phrase for status in HTTPStatus}
    return f"{version[:8]} {code} {phrases.get(int(code), '')}".rstrip()
