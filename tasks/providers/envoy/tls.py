"""HTTPS at the proxy: its certificate as a file that it watches, and the addresses that it is then reached by."""

import json

from infra_specs.certificates.certificate import blocks, read
from tasks.providers.envoy.messages import TYPE, Json

CERTIFICATE_FILE = "certificate.json"
CERTIFICATES_PATH = "/certs"
_NAME = "certificate"
DEFAULT_HTTPS_PORT = 443


def certificate(pem: str) -> Json:
    """The file: certificate, chain and key in one, so that no moment has two that do not fit."""
    secret = {
        "@type": f"{TYPE}.extensions.transport_sockets.tls.v3.Secret",
        "name": _NAME,
        "tls_certificate": {
            "certificate_chain": {"inline_string": "".join(blocks(pem, "CERTIFICATE"))},
            "private_key": {"inline_string": "".join(blocks(pem, "PRIVATE KEY"))},
        },
    }
    return {"version_info": str(read(pem).serial), "resources": [secret]}


def transport(source: Json) -> Json:
    """What a listener needs to speak TLS with the certificate of the file that `source` leads to."""
    return {
        "name": "envoy.transport_sockets.tls",
        "typed_config": {
            "@type": f"{TYPE}.extensions.transport_sockets.tls.v3.DownstreamTlsContext",
            "common_tls_context": {
                "tls_params": {"tls_minimum_protocol_version": "TLSv1_2"},
                "alpn_protocols": ["h2", "http/1.1"],
                "tls_certificate_sds_secret_configs": [{"name": _NAME, "sds_config": source}],
            },
        },
    }


def redirect(public_port: int) -> Json:
    """The routes of a listener that only sends people to HTTPS, by a redirect that keeps the method."""
    to: Json = {"https_redirect": True, "response_code": "PERMANENT_REDIRECT", "port_redirect": public_port}
    every = {"name": "all", "domains": ["*"], "routes": [{"match": {"prefix": "/"}, "redirect": to}]}
    return {"name": "redirect", "virtual_hosts": [every]}


def has_taken(answer: bytes | None, pem: str) -> bool:
    """Whether the proxy serves this certificate by now, from what `certificates_target` answered."""
    try:
        data = json.loads(answer or b"{}")
    except ValueError:
        return False
    served = [each for entry in data.get("certificates", []) for each in entry.get("cert_chain", [])]
    return any(int(each["serial_number"], 16) == read(pem).serial for each in served)


def doors(port: int, public_port: int | None, outside: str, pem: str | None) -> dict[str, str]:
    """Where a proxy is reached, on loopback and at its `outside` address, and what its certificate says."""
    where = {"host": "127.0.0.1", "port": str(port)}
    if pem is None:
        public = f"http://{outside}:{public_port}" if public_port is not None else ""
        return {**where, "url": f"http://127.0.0.1:{port}", "public_url": public}
    known = read(pem)
    near = "localhost" if known.covers("localhost") else "127.0.0.1"
    return {
        **where,
        "url": f"https://{near}:{port}",
        "public_url": at(known.host or outside, public_port) if public_port is not None else "",
        "certificate_names": " ".join(known.names),
        "certificate_until": str(int(known.until)),
    }


def at(host: str, port: int) -> str:
    """`https://shop.example.com`, with its port where that is not the usual one."""
    return f"https://{host}" if port == DEFAULT_HTTPS_PORT else f"https://{host}:{port}"
