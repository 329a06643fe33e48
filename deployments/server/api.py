"""The process that serves Prefect's API and UI, behind our front door, on a socket that the supervisor bound."""

import os
import socket

import uvicorn
from prefect.server.api.server import create_app
from prefect.settings import get_current_settings

from deployments.server.due_push import DuePush, Pushing, push_socket
from deployments.server.front_door import FrontDoor
from deployments.server.login import require_login
from deployments.server.page.app import page_app
from deployments.server.quiet_server import quieten
from tasks.base.settings import settings


def serve() -> None:
    """Serve until told to end. Raises ServerError without a login, or for one that others can read."""
    here, server = settings(), get_current_settings().server
    quieten()
    inner = Pushing(create_app(final=True), DuePush(push_socket(here)))
    door = FrontDoor(inner, page_app(here), require_login(here.home), here.names)
    config = uvicorn.Config(
        door,
        timeout_keep_alive=server.api.keepalive_timeout,
        log_level=server.logging_level.lower(),
        proxy_headers=False,  # whoever writes them is no more to be believed for it
        server_header=False,
        access_log=False,
        ws_ping_interval=20.0,
        ws_ping_timeout=20.0,
    )
    uvicorn.Server(config).run(sockets=[socket.socket(fileno=int(os.environ["TENFOLD_LISTEN_FD"]))])
