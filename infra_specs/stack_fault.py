"""Why one of several stacks could not be served. The others are served all the same."""

from dataclasses import dataclass

from infra_specs.errors import TenfoldError


@dataclass(frozen=True, slots=True)
class StackFault:
    """One stack, and in one line why it could not be served."""

    stack: str
    why: str

    @classmethod
    def of(cls, stack: str, error: Exception) -> "StackFault":
        """The error's own words. An error that is none of ours says its type: that is a bug, told as one."""
        return cls(stack, " ".join(_told(stack, error).split()))

    def __str__(self) -> str:
        return f"{self.stack}: {self.why}"


def paragraph(stack: str, error: Exception) -> str:
    """The same with the lines that the error has, which may quote an app's last words."""
    return f"{stack}: {_told(stack, error)}"


def _told(stack: str, error: Exception) -> str:
    why = str(error)
    if not isinstance(error, TenfoldError):
        why = f"Tenfold failed ({type(error).__name__}: {why}). Please report it."
    return why.removeprefix(f"{stack}: ")
