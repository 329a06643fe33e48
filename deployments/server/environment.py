"""How Prefect is set up: tuned, on loopback, without telemetry. Figures: docs/benchmarks.md and Prefect's own docs."""

import json
from collections.abc import Mapping
from pathlib import Path

from tasks.base.homes import prefect_home

HOST = "127.0.0.1"
NO_AUTHORITY = Path(__file__).with_name("no_authority.pem")
"""A certificate whose key was never kept: who trusts it alone trusts nobody."""
WEEK_SECONDS = 7 * 86_400

TICKS_EVENTS = tuple(
    f"prefect.flow-run.{name}"
    for name in ("Scheduled", "Late", "Submitting", "Pending", "Running", "Completed", "heartbeat")
)
TUNED: Mapping[str, str] = {
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
    # Every tick leaves these, one in fifteen seconds; what failed is told for a week.
    "PREFECT_SERVER_SERVICES_DB_VACUUM_EVENT_RETENTION_OVERRIDES": json.dumps(dict.fromkeys(TICKS_EVENTS, 6 * 3600)),
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
