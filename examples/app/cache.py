"""The hit counter and the database's facts, in Valkey."""

import json
from collections.abc import Callable
from typing import Any

import valkey
from valkey.backoff import ConstantBackoff
from valkey.retry import Retry

life_seconds = 15


class CacheDown(Exception):
    """The cache cannot be reached. Everything works without it, only slower."""


class Cache:
    """One cache. Its connections are opened when first needed, and opened anew after it has been away."""

    def __init__(self, url: str) -> None:
        self._client = valkey.Valkey.from_url(
            url,
            decode_responses=True,
            socket_timeout=1,
            socket_connect_timeout=1,
            retry=Retry(ConstantBackoff(0.05), 2),
            retry_on_error=[valkey.ConnectionError],
        )

    def hit(self) -> int:
        """Count one hit more and return how many there were."""
        return int(self._try(lambda: self._client.incr("example:hits")))

    def hits(self) -> int:
        return int(self._try(lambda: self._client.get("example:hits")) or 0)

    def remember(self, name: str, find_out: Callable[[], dict[str, Any]]) -> tuple[dict[str, Any], float]:
        """What is remembered under a name and for how many seconds more; found out first if nothing is."""
        key = f"example:{name}"
        known, life = self._try(lambda: self._client.pipeline().get(key).pttl(key).execute())
        if known is not None and life > 0:
            return json.loads(known), life / 1000
        value = find_out()
        self._try(lambda: self._client.set(key, json.dumps(value), ex=life_seconds))
        return value, life_seconds

    def close(self) -> None:
        self._client.close()

    def _try(self, ask: Callable[[], Any]) -> Any:
        try:
            return ask()
        except valkey.ValkeyError as error:
            # Not the driver's words: they may quote the address with its password.
            raise CacheDown(f"the cache cannot be reached ({type(error).__name__})") from None
