"""What a service is asked and how well it answers: sources are read, and two readings make a measured window."""

from tasks.metrics.measure import Asked, Seen, measure
from tasks.metrics.prometheus import Prometheus

__all__ = ["Asked", "Prometheus", "Seen", "measure"]
