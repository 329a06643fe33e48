"""What the app tells a scraper about itself, in Prometheus' text format.

Probes and scrapes are not counted: they would look like users to whoever scales by these figures.
"""

import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

bucket_seconds = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class Answer:
    """The status code that a request ends with; 500 until somebody says better."""

    code = 500


class Metrics:
    """Requests by code, requests in flight and how long they took. Safe to use from every thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._by_code: Counter[int] = Counter()
        self._by_bucket = [0] * len(bucket_seconds)
        self._seconds = 0.0
        self.in_flight = 0

    @contextmanager
    def request(self) -> Iterator[Answer]:
        """Count one request for as long as the block runs."""
        answer, start = Answer(), time.perf_counter()
        with self._lock:
            self.in_flight += 1
        try:
            yield answer
        finally:
            seconds = time.perf_counter() - start
            with self._lock:
                self.in_flight -= 1
                self._by_code[answer.code] += 1
                self._seconds += seconds
                for i, bound in enumerate(bucket_seconds):
                    self._by_bucket[i] += seconds <= bound

    def text(self) -> str:
        """Everything, as a scraper reads it."""
        with self._lock:
            codes, buckets = sorted(self._by_code.items()), list(self._by_bucket)
            seconds, in_flight = self._seconds, self.in_flight
        total = sum(count for _, count in codes)
        lines = ["# HELP http_requests_total Requests answered.", "# TYPE http_requests_total counter"]
        lines += [f'http_requests_total{{code="{code}"}} {count}' for code, count in codes]
        lines += ["# HELP http_requests_in_flight Requests being answered now.", "# TYPE http_requests_in_flight gauge"]
        lines += [f"http_requests_in_flight {in_flight}"]
        lines += ["# HELP http_request_duration_seconds How long an answer took."]
        lines += ["# TYPE http_request_duration_seconds histogram"]
        lines += [
            f'http_request_duration_seconds_bucket{{le="{bound:g}"}} {count}'
            for bound, count in zip(bucket_seconds, buckets, strict=True)
        ]
        lines += [f'http_request_duration_seconds_bucket{{le="+Inf"}} {total}']
        lines += [f"http_request_duration_seconds_sum {seconds:.6f}", f"http_request_duration_seconds_count {total}"]
        return "\n".join(lines) + "\n"
