"""A Valkey's settings, wherever it runs."""


def conf(port: int, password: str, memory: int, address: str = "127.0.0.1") -> str:
    """The whole of valkey.conf; `memory` in bytes, `address` what it listens on."""
    return "\n".join(
        (
            f"bind {address}",
            f"port {port}",
            "protected-mode yes",
            f'requirepass "{_quoted(password)}"',
            f"maxmemory {memory}",
            "maxmemory-policy allkeys-lru",
            'save ""',
            "appendonly no",
            "daemonize no",
            "",
        )
    )


def _quoted(value: str) -> str:
    return "".join(char if char.isalnum() else "".join(f"\\x{byte:02x}" for byte in char.encode()) for char in value)
