"""HTTPS at the proxy: its certificates as files that it watches, and the addresses that it is then reached by.

A proxy has one certificate of the user's own, or one for each host that was fetched; the name asked for chooses.
"""

import json
from collections.abc import Iterable, Mapping
from pathlib import PurePath
from typing import Any

from infra_specs.certificates.certificate import blocks, read
from tasks.providers.envoy.messages import TYPE, Json, source

CERTIFICATES_PATH = "/certs"
_NAME = "certificate"
DEFAULT_HTTPS_PORT, DEFAULT_HTTP_PORT = 443, 80


def pems_of(settings: Mapping[str, Any]) -> dict[str, str]:
    """The certificates that a proxy's settings hold, by the names that it knows them by.

    Fetched ones come first: of two for one host the first is shown.
    """
    fetched = {f"{_NAME}-{host}": str(pem) for host, pem in sorted((settings.get("certificates") or {}).items())}
    return fetched | ({_NAME: str(settings["tls"])} if settings.get("tls") else {})


def is_fetched(settings: Mapping[str, Any]) -> bool:
    """Whether the certificates of this proxy are fetched: it may have none yet, or only some."""
    return "certificates" in settings


def secured_names(settings: Mapping[str, Any]) -> tuple[str, ...]:
    """The names that the proxy has a certificate for: hosts with a fetched one in order, then the user's own names."""
    fetched = sorted(settings.get("certificates") or {})
    return tuple(dict.fromkeys((*fetched, *(read(str(settings["tls"])).names if settings.get("tls") else ()))))


def file_of(name: str) -> str:
    """The file of the certificate of this name."""
    return f"{name}.json"


def is_certificate_file(file: str) -> bool:
    """Whether a file of the proxy's folder is one of a certificate."""
    return file == file_of(_NAME) or (file.startswith(f"{_NAME}-") and file.endswith(".json"))


def files_of(settings: Mapping[str, Any]) -> dict[str, Json]:
    """The file of each certificate."""
    return {file_of(name): _certificate(name, pem) for name, pem in pems_of(settings).items()}


def _certificate(name: str, pem: str) -> Json:
    """Certificate, chain and key in one, so that no moment has two that do not fit."""
    secret = {
        "@type": f"{TYPE}.extensions.transport_sockets.tls.v3.Secret",
        "name": name,
        "tls_certificate": {
            "certificate_chain": {"inline_string": "".join(blocks(pem, "CERTIFICATE"))},
            "private_key": {"inline_string": "".join(blocks(pem, "PRIVATE KEY"))},
        },
    }
    return {"version_info": str(read(pem).serial), "resources": [secret]}


def transport(folder: PurePath, names: Iterable[str]) -> Json:
    """What a listener needs to speak TLS with the certificates of these names, whose files are in the folder.

    The first serves whoever asks for no name, or for one that none is for.
    """
    configs = [{"name": name, "sds_config": source(folder, file_of(name))} for name in names]
    return {
        "name": "envoy.transport_sockets.tls",
        "typed_config": {
            "@type": f"{TYPE}.extensions.transport_sockets.tls.v3.DownstreamTlsContext",
            "common_tls_context": {
                "tls_params": {"tls_minimum_protocol_version": "TLSv1_2"},
                "alpn_protocols": ["h2", "http/1.1"],
                "tls_certificate_sds_secret_configs": configs,
            },
        },
    }


def redirection(public_port: int) -> Json:
    """What a route needs that leads to HTTPS and keeps the method."""
    return {"https_redirect": True, "response_code": "PERMANENT_REDIRECT", "port_redirect": public_port}


def redirect(public_port: int) -> Json:
    """The routes of a listener that only sends people to HTTPS, by a redirect that keeps the method."""
    route = {"match": {"prefix": "/"}, "redirect": redirection(public_port)}
    every = {"name": "all", "domains": ["*"], "routes": [route]}
    return {"name": "redirect", "virtual_hosts": [every]}


def has_taken(answer: bytes | None, pem: str) -> bool:
    """Whether the proxy serves this certificate by now, from what `certificates_target` answered."""
    try:
        data = json.loads(answer or b"{}")
    except ValueError:
        return False
    served = [each for entry in data.get("certificates", []) for each in entry.get("cert_chain", [])]
    return any(int(each["serial_number"], 16) == read(pem).serial for each in served)


def doors(
    port: int, public_port: int | None, http_port: int | None, outside: str, settings: Mapping[str, Any]
) -> dict[str, str]:
    """Where a proxy is reached, on loopback and at its `outside` address, and what its certificate says."""
    where = {"host": "127.0.0.1", "port": str(port)}
    if is_fetched(settings):
        return {**where, **_fetched_doors(port, public_port, http_port, outside, secured_names(settings))}
    pem = settings.get("tls")
    if pem is None:
        public = f"http://{outside}:{public_port}" if public_port is not None else ""
        return {**where, "url": f"http://127.0.0.1:{port}", "public_url": public}
    known = read(str(pem))
    near = "localhost" if known.covers("localhost") else "127.0.0.1"
    return {
        **where,
        "url": f"https://{near}:{port}",
        "public_url": at(known.host or outside, public_port) if public_port is not None else "",
        "certificate_names": " ".join(known.names),
        "certificate_until": str(int(known.until)),
    }


def _fetched_doors(
    port: int, public_port: int | None, http_port: int | None, outside: str, names: tuple[str, ...]
) -> dict[str, str]:
    """On loopback it stays plain HTTP: no authority signs for that. A host without a certificate has `plain_url`.

    `names` may be of many hosts, as `*.example.com`.
    """
    plain = ""
    if http_port is not None:
        plain = f"http://{outside}" if http_port == DEFAULT_HTTP_PORT else f"http://{outside}:{http_port}"
    host = next((name for name in names if not name.startswith("*.")), outside)
    secure = at(host, public_port) if names and public_port is not None else plain
    return {
        "url": f"http://127.0.0.1:{port}",
        "public_url": secure,
        "plain_url": plain,
        "secured_hosts": " ".join(names),
    }


def at(host: str, port: int) -> str:
    """`https://shop.example.com`, with its port where that is not the usual one."""
    return f"https://{host}" if port == DEFAULT_HTTPS_PORT else f"https://{host}:{port}"
