"""What a service is asked and how well it answers: sources are read, and two readings make a measured window.

It decides nothing. Called by `tasks.autoscaling`.
"""

from tasks.metrics.prometheus import Prometheus
from tasks.metrics.sources import ServiceSample, SourceConfig, measure

__all__ = ["Prometheus", "ServiceSample", "SourceConfig", "measure"]
