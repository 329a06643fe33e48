"""Text without the values of secrets. Pure: which secrets there are is told by the caller.

Here belongs every rule on how a value may be written. Who knows the values, and where text is taken in, is `tasks`.
"""

from infra_specs.redaction.redaction import Redaction
from infra_specs.redaction.stream import Stream

__all__ = ["Redaction", "Stream"]
