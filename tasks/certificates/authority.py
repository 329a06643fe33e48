"""An authority that signs certificates, by its ACME protocol (RFC 8555). All of the library `acme` is met here.

Each method is one step that may be taken again. Nothing here waits for the authority to decide.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import requests
from acme import challenges, client, crypto_util, errors, messages
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from josepy import jwa, jwk
from josepy.errors import Error as JoseError

from infra_specs.app_text.shown import shown_line
from infra_specs.errors import AuthorityAway, CertificateRefused, TransientError
from tasks.base.daemon_pool import DaemonPool

ANSWER_SECONDS = 15
"""How long the authority may take for its whole answer to one request."""
RATE_LIMITED_SECONDS = 3600.0
"""The wait after an authority said that it was asked too often, unless it says how long."""
_NONCES = 8
"""Requests that an authority may refuse in a row because of a nonce that it does not know any more."""
_TRANSIENT_CODES = ("badNonce", "serverInternal")


@dataclass(frozen=True, slots=True)
class NewOrder:
    """An order, and the answer that the authority will ask for at the host; both empty where it knows the host."""

    url: str
    token: str
    answer: str


class _BoundedSession(requests.Session):
    """Its answers are whole in time: the library's timeout bounds each read alone, and an answer may come in drips."""

    def request(self, *arguments: Any, **options: Any) -> requests.Response:
        """As the library's. Raises ReadTimeout after ANSWER_SECONDS, whatever came until then."""
        answer = DaemonPool(1, "authority").submit(super().request, *arguments, **options)
        try:
            return answer.result(ANSWER_SECONDS)
        except TimeoutError:
            raise requests.exceptions.ReadTimeout(f"no whole answer within {ANSWER_SECONDS:g} s") from None


class Authority:
    """One authority, asked for one account. All methods block, and raise what `_edge` says."""

    def __init__(self, directory: str, email: str, account_key: str) -> None:
        """Find the account of this key at the authority, or register it for this address."""
        private: Any = load_pem_private_key(account_key.encode(), None)
        self._directory, self._key = directory, jwk.JWKEC(key=private)
        self._retry_after = 0.0
        roots: Any = os.environ.get("SSL_CERT_FILE") or True  # OpenSSL heeds it, and the library does not
        self._told = set[str]()
        self._net = client.ClientNetwork(
            self._key, alg=jwa.ES256, user_agent="tenfold", timeout=ANSWER_SECONDS, verify_ssl=roots
        )
        self._net.session = _BoundedSession()
        self._net.session.hooks["response"].append(self._note_retry_after)
        with self._edge():
            self._resources = client.ClientV2.get_directory(directory, self._net)
            self._register(email)

    def order(self, host: str) -> NewOrder:
        """Ask for a certificate of this host. Each call is one order more."""
        name = messages.Identifier(typ=messages.IDENTIFIER_FQDN, value=host)
        with self._edge():
            response = self._post(self._resources["newOrder"], messages.NewOrder(identifiers=[name], profile=""))
            url = str(response.headers["Location"])
            order = messages.Order.from_json(response.json())
            for authorization in map(self._authorization, order.authorizations):
                if authorization.status == messages.STATUS_PENDING:
                    challenge = self._challenge(host, authorization)
                    answer = challenge.chall.key_authorization(self._key)
                    return NewOrder(url, challenge.chall.encode("token"), answer)
        return NewOrder(url, "", "")

    def advance(self, url: str, host: str, key: str) -> str | None:
        """Take the next step of an order. Returns the certificate with its chain, in PEM; None: look again later.

        A certificate that was issued before is returned again.
        """
        with self._edge():
            order = messages.Order.from_json(self._post(url, None).json())
            if order.status == messages.STATUS_PENDING:
                self._tell(host, order)
            elif order.status == messages.STATUS_READY:
                request = crypto_util.make_csr(key.encode(), [host])
                self._post(order.finalize, messages.CertificateRequest(csr=x509.load_pem_x509_csr(request)))
            elif order.status == messages.STATUS_VALID and order.certificate:
                return str(self._post(order.certificate, None).text)
            elif order.status == messages.STATUS_INVALID:
                raise CertificateRefused(self._why(host, order))
        return None

    def _register(self, email: str) -> None:
        request = messages.NewRegistration.from_data(email=email, terms_of_service_agreed=True)
        response = self._post(self._resources["newAccount"], request)
        body = messages.Registration.from_json(response.json())
        self._net.account = messages.RegistrationResource(body=body, uri=response.headers["Location"])

    def _tell(self, host: str, order: Any) -> None:
        """Have it look at the host, once in the life of this object."""
        for authorization in map(self._authorization, order.authorizations):
            if authorization.status == messages.STATUS_PENDING:
                challenge = self._challenge(host, authorization)
                if challenge.status == messages.STATUS_PENDING and challenge.uri not in self._told:
                    self._post(challenge.uri, challenge.chall.response(self._key))
                    self._told.add(challenge.uri)

    def _why(self, host: str, order: Any) -> str:
        problems = [order.error] if order.error else []
        for authorization in map(self._authorization, order.authorizations):
            problems += [each.error for each in authorization.challenges if each.error]
        why = "; ".join(dict.fromkeys(_said(problem) for problem in problems)) or "it does not say why"
        return f"the authority {self._directory} gave {host} no certificate: {why}."

    def _authorization(self, url: str) -> Any:
        return messages.Authorization.from_json(self._post(url, None).json())

    def _challenge(self, host: str, authorization: Any) -> Any:
        for challenge in authorization.challenges:
            if isinstance(challenge.chall, challenges.HTTP01):
                return challenge
        raise CertificateRefused(
            f"the authority {self._directory} does not ask {host} itself for a proof (http-01), which is all that "
            "Tenfold can give. Name another `directory`, or use a `certificate` of yours."
        )

    def _post(self, url: str, body: Any) -> Any:
        """Without a body it reads."""
        for attempt in range(_NONCES):
            try:
                return self._net.post(url, body, new_nonce_url=self._resources["newNonce"])
            except messages.Error as error:
                if error.code != "badNonce" or attempt == _NONCES - 1:
                    raise
        raise AssertionError("unreachable")

    def _note_retry_after(self, response: Any, *_: Any, **__: Any) -> None:
        seconds = response.headers.get("Retry-After", "") if response.status_code >= HTTPStatus.BAD_REQUEST else ""
        self._retry_after = float(seconds) if seconds.isdigit() else 0.0

    @contextmanager
    def _edge(self) -> Iterator[None]:
        """The library's errors as ours: TransientError where a retry may help, else CertificateRefused.

        AuthorityAway is the transient one that holds for every host.
        """
        try:
            yield
        except messages.Error as error:
            if error.code in _TRANSIENT_CODES:
                raise TransientError(f"the authority {self._directory} failed: {_said(error)}") from error
            is_limited = error.code == "rateLimited"
            hold_off = self._retry_after or (RATE_LIMITED_SECONDS if is_limited else 0.0)
            raise CertificateRefused(
                f"the authority {self._directory} refused: {_said(error)}.", hold_off_seconds=hold_off
            ) from error
        except requests.exceptions.SSLError as error:
            raise CertificateRefused(
                f"the authority {self._directory} shows a certificate that this machine does not trust. If it is your "
                "company's own, start the control plane with the file of its roots in SSL_CERT_FILE.",
                reached=False,
            ) from error
        except OSError as error:
            raise AuthorityAway(
                f"the authority {self._directory} does not answer ({type(error).__name__}). Its state page says more."
            ) from error
        except (errors.Error, JoseError, ValueError, KeyError) as error:
            raise TransientError(
                f"the authority {self._directory} answered with something else than ACME ({type(error).__name__})."
            ) from error


def _said(problem: Any) -> str:
    """Of a problem what a person reads; the authority wrote it, so it is bounded."""
    text = str(problem.detail or problem.title or problem.typ)
    return shown_line(text)[:500].rstrip(".")
