"""A program that fails as badly as it can: it writes its whole environment in every usual form, and ends with 1."""

import base64
import html
import json
import os
import shlex
import sys
import urllib.parse
from pathlib import Path

for name, value in os.environ.items():
    data = os.fsencode(value)
    print(f"{name}={value}")
    print("repr", repr(value), ascii(value), data)
    print("json", json.dumps({name: value}), json.dumps({name: value}, ensure_ascii=False).replace("/", "\\/"))
    print("json in json", json.dumps(json.dumps({name: value})))
    print("url https://user:" + urllib.parse.quote(value, safe="") + "@db/", urllib.parse.quote(value).lower())
    print("form", urllib.parse.urlencode({name: value}))
    print("html", html.escape(value), value.encode("ascii", "xmlcharrefreplace").decode())
    print("base64", base64.b64encode(data).decode(), base64.urlsafe_b64encode(data).decode().rstrip("="))
    print("basic", base64.b64encode(b"user:" + data).decode(), base64.b64encode(b"u:" + data).decode())
    print("lines\n" + base64.encodebytes(data).decode())
    print("hex", data.hex(), data.hex(":"))
    print("shell", shlex.quote(value), value.encode("unicode_escape").decode())
    if name.endswith("_FILE"):
        print("file", Path(value).read_bytes())
    for line in value.splitlines():
        print(line, file=sys.stderr, flush=True)
print(json.dumps(dict(os.environ)))
sys.exit(1)
