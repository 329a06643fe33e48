"""Retryable I/O: one task, one outside effect. Knows nothing of flows."""
