"""The ledger: one database of what cannot be observed on a target, a repository for each thing that it keeps."""

from pathlib import Path
from types import TracebackType
from typing import Self

from tasks.base.known_secrets import known_secrets
from tasks.base.settings import Settings
from tasks.ledger.alerts import Alerts
from tasks.ledger.backup_locks import BackupLocks
from tasks.ledger.backup_results import BackupResults
from tasks.ledger.certificates import Certificates
from tasks.ledger.checks import Checks
from tasks.ledger.claims import Claims
from tasks.ledger.costs import Costs
from tasks.ledger.database import Database
from tasks.ledger.decisions import Decisions
from tasks.ledger.fleets import Fleets
from tasks.ledger.hosts import Hosts
from tasks.ledger.liveness import Liveness
from tasks.ledger.locks import Locks
from tasks.ledger.looks import Looks
from tasks.ledger.measurements import Measurements
from tasks.ledger.messages import Messages
from tasks.ledger.migrate import migrate
from tasks.ledger.outlines import Outlines
from tasks.ledger.releases import Releases
from tasks.ledger.runs import Runs
from tasks.ledger.seasonality import Seasonality
from tasks.ledger.secrets import Secrets
from tasks.ledger.silences import Silences
from tasks.ledger.stacks import Stacks
from tasks.ledger.startup_times import StartupTimes
from tasks.ledger.tickets import Tickets
from tasks.ledger.undos import Undos
from tasks.ledger.unready import Unready


class Ledger:
    """Safe to use from many threads and processes. Every call of a repository blocks, briefly.

    A write is on the disk when its call returns. A call that takes a Lease writes only while the lease is valid, and
    otherwise raises Fenced and writes nothing. LedgerBusy: a retry may help; LedgerError: it will not.
    """

    def __init__(self, database: Database, key_file: Path) -> None:
        self._database = database
        self.locks = Locks(database)
        self.tickets = Tickets(database)
        self.claims = Claims(database)
        self.backup_locks = BackupLocks(database)
        self.undos = Undos(database)
        self.stacks = Stacks(database)
        self.fleets = Fleets(database)
        self.releases = Releases(database)
        self.runs = Runs(database)
        self.outlines = Outlines(database)
        self.liveness = Liveness(database)
        self.checks = Checks(database)
        self.decisions = Decisions(database)
        self.measurements = Measurements(database)
        self.seasonality = Seasonality(database)
        self.startup_times = StartupTimes(database)
        self.costs = Costs(database)
        self.unready = Unready(database)
        self.secrets = Secrets(database, key_file)
        self.certificates = Certificates(database)
        self.hosts = Hosts(database)
        self.alerts = Alerts(database)
        self.messages = Messages(database)
        self.silences = Silences(database)
        self.looks = Looks(database)
        self.backup_results = BackupResults(database)

    @classmethod
    def open(cls, settings: Settings) -> "Ledger":
        """Open the ledger of an installation. Creates a missing ledger, and migrates an older one."""
        database = Database(settings.ledger_url)
        if password := database.url.password:
            known_secrets.learn("ledger", password)
        try:
            migrate(database)
        except BaseException:  # however it ends, no connection stays open
            database.close()
            raise
        return cls(database, settings.key_file)

    def close(self) -> None:
        """Close all connections."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
