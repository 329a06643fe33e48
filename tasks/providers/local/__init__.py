"""The embedded target: real services as supervised processes, from packages, with or without root."""

from tasks.providers.local.provider import LocalProvider

__all__ = ["LocalProvider"]
