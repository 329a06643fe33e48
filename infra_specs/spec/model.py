"""What every part of the language has in common."""

from pydantic import BaseModel, ConfigDict


class Part(BaseModel):
    """A part of a spec: frozen, and a key that it does not know is a fault of the person who wrote it."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)
