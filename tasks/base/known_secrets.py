"""The secrets that this process has read, and text without them.

Every value that is decrypted here is learnt by the vault that decrypts it, before anybody gets it. So a process never
handles a value that it could not redact, whoever writes a line of its log: our code, Prefect, a library.
"""

import threading
from typing import Any

from infra_specs.redaction import Redaction


class KnownSecrets:
    """Values by name; safe to use from many threads. They are kept until the process ends."""

    def __init__(self) -> None:
        self.tokens: set[str] = set()
        """What the ledger keeps encrypted and was decrypted in this process."""
        self._guard = threading.Lock()
        self._values: dict[str, set[str | bytes]] = {}
        self._redaction = Redaction({})

    def learn(self, name: str, value: str | bytes) -> None:
        """From now on no text tells this value."""
        with self._guard:
            values = self._values.setdefault(name, set())
            if value not in values:
                values.add(value)
                self._redaction = Redaction(self._values)

    @property
    def redaction(self) -> Redaction:
        """Of all that is known now."""
        return self._redaction

    def redacted(self, text: str) -> str:
        """The text without any of them, and without credentials in URLs."""
        return self._redaction.redacted(text)

    def redacted_data(self, data: Any) -> Any:
        """JSON data whose strings tell none of them. The names in it stay as they are."""
        if isinstance(data, str):
            return self.redacted(data)
        if isinstance(data, dict):
            return {name: self.redacted_data(value) for name, value in data.items()}
        if isinstance(data, list | tuple):
            return [self.redacted_data(value) for value in data]
        return data


known = KnownSecrets()
"""Those of this process."""
