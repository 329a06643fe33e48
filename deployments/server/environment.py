"""How Prefect is set up: tuned, on loopback, without telemetry. Figures: docs/benchmarks.md and Prefect's own docs."""

from collections.abc import Mapping
from pathlib import Path

from tasks.base.homes import prefect_home

HOST = "127.0.0.1"
NO_AUTHORITY = Path(__file__).with_name("no_authority.pem")
"""A certificate whose key was never kept: who trusts it alone trusts nobody."""
WEEK_SECONDS = 7 * 86_400

SELDOM_SECONDS = "30"
"""Between two looks of a service of Prefect's that puts right what nobody waits for."""
SERVICES: Mapping[str, str] = {
    # Workers ask for clean-ups of cancelled runs; here are none, and the serving process ends the processes itself.
    "PREFECT_SERVER_SERVICES_CLEANUP_RECONCILER_ENABLED": "false",
    # It says of a deployment that nobody takes its runs. The serving process says that it does once a minute.
    "PREFECT_SERVER_SERVICES_FOREMAN_LOOP_SECONDS": "60",
    "PREFECT_SERVER_SERVICES_FOREMAN_DEPLOYMENT_LAST_POLLED_TIMEOUT_SECONDS": "180",
    # Whoever sets limits in the UI gets slots of dead runs back. No run of ours takes any: stacks have their own locks.
    "PREFECT_SERVER_SERVICES_REPOSSESSOR_LOOP_SECONDS": "60",
    # The tasks of a cancelled run end as cancelled. It looks at every cancelled run of the last day.
    "PREFECT_SERVER_SERVICES_CANCELLATION_CLEANUP_LOOP_SECONDS": "120",
    # Runs for which there is no room yet are shown as late.
    "PREFECT_SERVER_SERVICES_LATE_RUNS_LOOP_SECONDS": SELDOM_SECONDS,
    # A design that nobody approved within days is given up.
    "PREFECT_SERVER_SERVICES_PAUSE_EXPIRATIONS_LOOP_SECONDS": SELDOM_SECONDS,
    # Schedules change when intervals do; a deployment is found by this if it changed since the last look.
    "PREFECT_SERVER_SERVICES_SCHEDULER_RECENT_DEPLOYMENTS_LOOP_SECONDS": "10",
    # Our automation waits for an absent event for 45 s or more.
    "PREFECT_SERVER_EVENTS_PROACTIVE_GRANULARITY": "PT15S",
    # Who looks at a run sees its tasks and events so much later; each flush is a transaction.
    "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_BATCH_SIZE": "100",
}
"""Services of Prefect's server: which are off or seldom, and why. Telemetry is off below."""
TUNED: Mapping[str, str] = {
    **SERVICES,
    # One transaction an event starves everybody of SQLite's one write lock: 1.75 s a run of ten tasks, batched 0.34 s.
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_BATCH_SIZE": "100",
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_READ_BATCH_SIZE": "100",
    "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_READ_BATCH_SIZE": "100",
    "PREFECT_SERVER_SERVICES_TRIGGERS_READ_BATCH_SIZE": "100",
    # From submitted to running: 8.2 s with the default poll of 10 s, 1.65 s with this.
    "PREFECT_RUNNER_POLL_FREQUENCY": "1",
    # Whoever follows a run sees its lines at once.
    "PREFECT_LOGGING_TO_API_BATCH_INTERVAL": "0.2",
    # Leases in memory are forgotten at a restart of the server, and their slots stay taken for ever.
    "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": "prefect.server.concurrency.lease_storage.filesystem",
    # A schedule's runs are made ahead; after an outage every one of them is late.
    "PREFECT_SERVER_SERVICES_SCHEDULER_MIN_SCHEDULED_TIME": "PT2M",
    "PREFECT_SERVER_SERVICES_SCHEDULER_MAX_SCHEDULED_TIME": "PT10M",
    "PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED": "events,flow_runs",
    "PREFECT_SERVER_SERVICES_DB_VACUUM_RETENTION_PERIOD": str(WEEK_SECONDS),
    "PREFECT_SERVER_EVENTS_RETENTION_PERIOD": "P7D",
    # A heap for each thread keeps what the thread once needed. None of ours is busy enough to need a heap of its own.
    "MALLOC_ARENA_MAX": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
    "DO_NOT_TRACK": "1",
    "PREFECT_CLI_PROMPT": "false",
}


def api_url(port: int) -> str:
    """Where Prefect's API answers."""
    return f"http://{HOST}:{port}/api"


def environment(home: Path, port: int) -> dict[str, str]:
    """The variables that every process of the control plane gets: Prefect's own home, and everything above."""
    return {
        **TUNED,
        "PREFECT_HOME": str(prefect_home(home)),
        "PREFECT_API_URL": api_url(port),
        "PREFECT_SERVER_API_HOST": HOST,
        "PREFECT_SERVER_API_PORT": str(port),
        # Relative, so that the UI works by every name that we are called, and through a tunnel.
        "PREFECT_SERVER_UI_API_URL": "/api",
        "PREFECT_SERVER_CORS_ALLOWED_ORIGINS": f"http://{HOST}:{port}",
        # There is no TLS on loopback. Every client reads the authorities all the same, for longer than its call takes.
        "PREFECT_API_SSL_CERT_FILE": str(NO_AUTHORITY),
    }
