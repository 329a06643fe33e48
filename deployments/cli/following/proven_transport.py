"""The connection to this installation's server: a stranger on its port is never shown the login."""

import httpx

from deployments.server.login import Login
from deployments.server.proof import require_proof


class ProvenTransport(httpx.HTTPTransport):
    """Sends a request, and the login with it, only over a connection to a server that has just proven whose it is."""

    def __init__(self, login: Login) -> None:
        # There is no TLS on loopback, and reading the authorities that would check it takes long.
        super().__init__(trust_env=False, verify=False)
        self._login = login

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """As any transport does. Raises ServerError where a stranger answers, ConnectError for no whole proof."""

        def trace(event: str, _info: object) -> None:
            # Of each new connection, before a byte of the request is sent.
            if event == "connection.connect_tcp.complete":
                try:
                    require_proof(self._login, request.url.host, request.url.port or 80)
                except OSError as error:
                    raise httpx.ConnectError(str(error) or type(error).__name__) from error

        request.extensions["trace"] = trace
        request.headers["Authorization"] = self._login.header
        return super().handle_request(request)
