"""The settings of an nginx that serves the files of one folder, wherever it runs, and nothing else."""

import re

from infra_specs.errors import ProviderError

_TYPES = {
    "text/html": "html htm",
    "text/css": "css",
    "text/csv": "csv",
    "text/markdown": "md",
    "text/plain": "txt log",
    "text/calendar": "ics",
    "text/vcard": "vcf",
    "text/vtt": "vtt",
    "text/xml": "xml",
    "text/javascript": "js mjs",
    "image/apng": "apng",
    "image/avif": "avif",
    "image/bmp": "bmp",
    "image/gif": "gif",
    "image/heic": "heic",
    "image/jpeg": "jpg jpeg",
    "image/png": "png",
    "image/svg+xml": "svg svgz",
    "image/tiff": "tif tiff",
    "image/webp": "webp",
    "image/x-icon": "ico",
    "font/otf": "otf",
    "font/ttf": "ttf",
    "font/woff": "woff",
    "font/woff2": "woff2",
    "audio/aac": "aac",
    "audio/flac": "flac",
    "audio/mp4": "m4a",
    "audio/mpeg": "mp3",
    "audio/ogg": "ogg oga opus",
    "audio/wav": "wav",
    "audio/webm": "weba",
    "video/mp4": "mp4 m4v",
    "video/mpeg": "mpg mpeg",
    "video/ogg": "ogv",
    "video/quicktime": "mov",
    "video/webm": "webm",
    "application/gzip": "gz",
    "application/json": "json",
    "application/manifest+json": "webmanifest",
    "application/pdf": "pdf",
    "application/rtf": "rtf",
    "application/wasm": "wasm",
    "application/xhtml+xml": "xhtml",
    "application/zip": "zip",
    "application/x-7z-compressed": "7z",
    "application/x-tar": "tar",
    "application/epub+zip": "epub",
    "application/msword": "doc",
    "application/vnd.ms-excel": "xls",
    "application/vnd.ms-powerpoint": "ppt",
    "application/vnd.oasis.opendocument.presentation": "odp",
    "application/vnd.oasis.opendocument.spreadsheet": "ods",
    "application/vnd.oasis.opendocument.text": "odt",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": "pptx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
}
"""Type -> endings of names. With no known ending a browser is told nothing but that it is bytes."""
_MAY_HOLD_SCRIPTS = ("text/html", "text/xml", "image/svg+xml", "application/xhtml+xml")
"""What a browser would run scripts of, as one of the app's own pages."""
_CONF = """\
{user}daemon off;
worker_processes 2;
worker_rlimit_nofile 8192;
pid nginx.pid;
error_log stderr alert;
events {{ worker_connections 2048; }}
http {{
  access_log off;
  log_not_found off;
  server_tokens off;
  sendfile on;
  tcp_nopush on;
  # The proxy keeps its connections: it, and not this server, ends one.
  keepalive_timeout 1h;
  keepalive_requests 1000000;
  default_type application/octet-stream;
  types {{
{types}
  }}
  map $sent_http_content_type $content_policy {{
    default "";
{policies}
  }}
  server {{
    # A client that reads slowly makes the system keep this much of a file.
    listen {address}:{port} sndbuf=256k;
    root "{folder}";
    # Not even within the folder: where a link leads is for whoever may write there to change.
    disable_symlinks on from=$document_root;
    add_header X-Content-Type-Options nosniff always;
    add_header Content-Security-Policy $content_policy;
    error_page 403 = @absent;
    # A folder is no file: it is neither listed nor led to.
    location / {{ try_files $uri =404; }}
    location ~ /\\. {{ return 404; }}
    location @absent {{ return 404; }}
    # Every request of a client comes with this header, by the proxy.
    location = {health} {{ if ($http_x_real_ip) {{ return 404; }} return 200; }}
  }}
}}
"""


def conf(port: int, folder: str, health: str, *, address: str = "127.0.0.1", user: str = "") -> str:
    """The whole of nginx.conf. Paths of the server's own begin at its prefix, a folder that it may write to.

    `folder` is what is served, `health` a path that begins with a dot and answers whoever asks without the proxy.
    `user`: as whom its workers run where root starts it; else they run as who starts it. ProviderError for a folder
    that it cannot be told.
    """
    policies = (f'    "~^{re.escape(kind)}" sandbox;' for kind in _MAY_HOLD_SCRIPTS)
    return _CONF.format(
        user=f"user {user};\n" if user else "",
        types="\n".join(f"    {kind} {endings};" for kind, endings in _TYPES.items()),
        policies="\n".join(policies),
        address=address,
        port=port,
        folder=_quoted(folder),
        health=health,
    )


def _quoted(text: str) -> str:
    """Within double quotes. A dollar sign would begin a variable, which no sign takes the meaning of."""
    if "$" in text:
        raise ProviderError(
            f"nginx can serve no folder with a $ in its path, as {text}: set TENFOLD_HOME to one without"
        )
    return text.replace("\\", "\\\\").replace('"', '\\"')
