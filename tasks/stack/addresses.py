"""Receivers' addresses, as Apprise reads them. An address holds a token or a password and is never shown."""

import logging
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from infra_specs.errors import PlanError, ProviderError, TransientError
from infra_specs.stackfile.models.stack import Stack
from tasks.ledger import Ledger
from tasks.ledger.messages import Receiver

MAIL_SCHEMES = ("mailto", "mailtos")
_SHORTEST_HIDDEN = 3
_ENDS = re.compile("[:/@]")
"""Between the parts of an address."""
_log = logging.getLogger("apprise")


def address_of(ledger: Ledger, stack: Stack, receiver: Receiver) -> str:
    """The address of a receiver, with its token or password. Blocks.

    Raises PlanError with the command that mends it for a secret that is missing or no address.
    """
    if receiver.is_secret:
        return checked_address(stack.name, receiver.name, _value(ledger, stack.name, receiver.name))
    assert stack.alerts.smtp is not None, "the spec was checked"
    server = checked_server(stack.name, stack.alerts.smtp.secret, _value(ledger, stack.name, stack.alerts.smtp.secret))
    return _mail_to(server, receiver.name)


def refuse_addresses(ledger: Ledger, stack: Stack) -> None:
    """Raise PlanError for the first secret of a stack's alerts that is no address. One that is not set yet is left to
    whoever refuses that. Blocks."""
    alerts = stack.alerts
    if not (alerts.addresses or alerts.smtp or alerts.heartbeat):
        return
    known = ledger.secrets.versions(stack.name)
    for name in alerts.addresses:
        if name in known:
            checked_address(stack.name, name, _value(ledger, stack.name, name))
    if alerts.smtp and (name := alerts.smtp.secret) in known:
        checked_server(stack.name, name, _value(ledger, stack.name, name))
    if alerts.heartbeat and (name := alerts.heartbeat.secret) in known:
        checked_url(stack.name, name, _value(ledger, stack.name, name))


def checked_address(stack: str, name: str, value: str | bytes) -> str:
    """The address in a secret. Raises PlanError for one that Apprise does not read."""
    address = _text(value)
    if address and _receiver(address) is not None:
        return address
    raise PlanError(
        f"{stack}: the secret `{name}` is no address that Apprise reads, such as slack://TOKEN_A/TOKEN_B/TOKEN_C or "
        f"jsons://example.com/hook. See https://github.com/caronc/apprise/wiki, and set it again with: tenfold secret "
        f"set {stack} {name}"
    )


def checked_server(stack: str, name: str, value: str | bytes) -> str:
    """The mail server in a secret. Raises PlanError for what is none."""
    server = _text(value)
    if (
        server.partition("://")[0].lower() in MAIL_SCHEMES
        and _receiver(_mail_to(server, "ops@example.com")) is not None
    ):
        return server
    raise PlanError(
        f"{stack}: the secret `{name}` is no mail server, such as mailtos://USER:PASSWORD@smtp.example.com?from=tenfold"
        f"@example.com. Set it again with: tenfold secret set {stack} {name}"
    )


def checked_url(stack: str, name: str, value: str | bytes) -> str:
    """The URL in a secret. Raises PlanError for what is none."""
    url = _text(value)
    if _is_web(url):
        return url
    raise PlanError(
        f"{stack}: the secret `{name}` is no URL, such as https://hc-ping.com/TOKEN. Set it again with: tenfold secret "
        f"set {stack} {name}"
    )


def send(address: str, title: str, body: str) -> None:
    """Send a message. Blocks until the receiver took it; raises TransientError with what it said if it did not."""
    from apprise import NotifyFormat, OverflowMode  # noqa: PLC0415 - many plugins, which only a message needs

    receiver = _receiver(address)
    if receiver is None:
        raise ProviderError("its address cannot be read")
    if receiver.overflow_mode == OverflowMode.UPSTREAM:  # it would refuse what is too long for it
        receiver.overflow_mode = OverflowMode.SPLIT
    with _heard() as lines:
        try:
            taken = receiver.notify(body=body, title=title, body_format=NotifyFormat.TEXT)
        except Exception as error:  # a plugin's own
            raise TransientError(_hidden(address, f"{type(error).__name__}: {error}")) from error
    if not taken:
        raise TransientError(_hidden(address, lines[-1] if lines else "it did not take the message"))


def _receiver(address: str) -> Any:
    from apprise import Apprise  # noqa: PLC0415

    with _heard():
        return Apprise.instantiate(address, suppress_exceptions=True)


@contextmanager
def _heard() -> Iterator[list[str]]:
    """What Apprise says in this thread during the block, which goes to no log: it may quote an address."""
    lines: list[str] = []
    thread = threading.get_ident()

    class Hearing(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if record.thread == thread:
                lines.append(record.getMessage())

    hearing = Hearing(logging.WARNING)
    _log.propagate = False
    _log.addHandler(hearing)
    try:
        yield lines
    finally:
        _log.removeHandler(hearing)


def _hidden(receiver: str, text: str) -> str:
    """The text without any part of a receiver's address: with many receivers the host is a part of a token.

    What stands before `:`, `/` and `@` is hidden by itself too, in any case: some of it is a host's name to who sends.
    """
    _, _, rest = receiver.partition("://")
    base, _, query = rest.partition("?")
    parts = [receiver, rest, base, *_ENDS.split(base), *(value for _, value in parse_qsl(query))]
    known = {value for part in parts for value in (part, unquote(part), quote(part, safe=""))}
    for value in sorted(known, key=len, reverse=True):
        if len(value) >= _SHORTEST_HIDDEN:
            text = re.sub(re.escape(value), "***", text, flags=re.IGNORECASE)
    return text


def _is_web(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _mail_to(server: str, mail: str) -> str:
    """The address of a mail by this server, whatever receiver the server's own names."""
    base, _, query = server.partition("?")
    options = [(name, value) for name, value in parse_qsl(query) if name != "to"]
    return f"{base}?{urlencode([*options, ('to', mail)], quote_via=quote)}"


def _text(value: str | bytes) -> str:
    return value.strip() if isinstance(value, str) else ""


def _value(ledger: Ledger, stack: str, name: str) -> str | bytes:
    version = ledger.secrets.versions(stack).get(name)
    if version is None:
        raise PlanError(f"{stack}: the secret `{name}` is not set. Set it with: tenfold secret set {stack} {name}")
    return ledger.secrets.value(stack, name, version)
