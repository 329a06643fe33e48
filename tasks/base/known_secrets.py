"""The secrets that this process has read, and redaction of text.

The vault registers every value that it decrypts before it returns it. So a process can redact every secret it handles,
whoever writes the log line: our code, Prefect, a library.
"""

import threading
from typing import Any

from infra_specs.app_text.shown import shown_message
from infra_specs.redaction import Redaction


class KnownSecrets:
    """Secret values by name, kept until the process ends. Thread-safe."""

    def __init__(self) -> None:
        self.tokens: set[str] = set()
        """Encrypted values of the ledger that this process has decrypted."""
        self._guard = threading.Lock()
        self._values: dict[str, set[str | bytes]] = {}
        self._redaction = Redaction({})

    def learn(self, name: str, value: str | bytes) -> None:
        """Redact this value from now on."""
        with self._guard:
            values = self._values.setdefault(name, set())
            if value not in values:
                values.add(value)
                self._redaction = Redaction(self._values)

    @property
    def redaction(self) -> Redaction:
        """The redaction of all values so far."""
        return self._redaction

    def redacted(self, text: str) -> str:
        """The text without these secrets, and without credentials in URLs."""
        return self._redaction.redacted(text)

    def shown(self, message: str) -> str:
        """A message that may quote an app, without these secrets, and fit to be kept and printed."""
        return shown_message(self.redacted(message))

    def redacted_data(self, data: Any) -> Any:
        """JSON data with each string as `shown` has it. Keys are not redacted."""
        if isinstance(data, str):
            return self.shown(data)
        if isinstance(data, dict):
            return {name: self.redacted_data(value) for name, value in data.items()}
        if isinstance(data, list | tuple):
            return [self.redacted_data(value) for value in data]
        return data


known_secrets = KnownSecrets()
"""The secrets of this process."""
