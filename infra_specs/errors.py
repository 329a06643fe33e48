"""Every error that Tenfold raises on purpose, in one small tree.

The outside world's exceptions become one of these at the edge where they are met, and nowhere else; whether a
retry may help is decided there too, by the class that is raised. A message is written for the person who reads it:
what failed, why, and what to do.
"""


class TenfoldError(Exception):
    """Root of the tree: catch this at the outermost edge and print it."""


class SpecError(TenfoldError):
    """What a person wrote cannot be built. Nothing has been touched."""


class PlanError(TenfoldError):
    """The spec is valid but this plan must not run: over budget, a changed target, a missing secret."""


class ProviderError(TenfoldError):
    """A target refused or failed, and trying again will not help."""


class PortTaken(ProviderError):
    """Another program has the port that was asked for; another port may be free."""


class NoCredentials(ProviderError):
    """Nobody is logged in to the target, so it was not asked."""


class TransientError(ProviderError):
    """A target failed in a way that a retry may mend: a timeout, a reset connection, throttling."""


class OutOfResources(ProviderError):
    """A server lacks the disk, the memory or the connections for what was asked. It says nothing of the data."""


class AuthorityAway(TransientError):
    """An authority of certificates does not answer at all: it need not be asked for another host now."""


class ChangeFailed(TenfoldError):
    """A change of a plan did not reach its end; what was finished stands, the next wave did not start."""


class LockHeld(TenfoldError):
    """Somebody else is changing this stack; the message says who and since when."""


class RunOvertaken(TenfoldError):
    """A run that was asked for later has changed the stack already. This one has touched nothing, and may be late."""


class Fenced(TenfoldError):
    """This run lost its lock to another while it slept, and does nothing more."""


class LedgerError(TenfoldError):
    """The ledger cannot be read or written, or does not know what was asked for."""


class UnknownStack(LedgerError):
    """The ledger knows no stack of this name. Nothing has been touched."""


class CertificateRefused(TenfoldError):
    """A certificate cannot be fetched now. `reached`: the authority was asked, and counts it. It may have asked for no
    other attempt for `hold_off_seconds`. An order that can still be gone on with `stands`."""

    def __init__(
        self, message: str, *, reached: bool = True, hold_off_seconds: float = 0.0, stands: bool = False
    ) -> None:
        super().__init__(message)
        self.reached, self.hold_off_seconds, self.stands = reached, hold_off_seconds, stands


class NoRoom(PlanError):
    """The target has no room for a restored copy. The message says how many bytes are missing."""


class BackupFault(TenfoldError):
    """A backup cannot be trusted: it is cut off, changed, of another key, or its restored copy differs."""


class DiskFull(LedgerError, ProviderError):
    """A disk or a quota is full. Once there is room the same works again; nothing has to be repaired."""


class LedgerBusy(LedgerError, TransientError):
    """The ledger is locked by others for too long, or its database is away; a retry may help."""


class ServerError(TenfoldError):
    """The control plane (Prefect's server or the process that serves our flows) is not there or not well."""
