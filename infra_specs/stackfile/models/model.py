"""What every part of the language has in common."""

from pydantic import BaseModel, ConfigDict


class Part(BaseModel):
    """A part of a spec: frozen, and a key that it does not know is a fault of the person who wrote it.

    Strict: a text is no number and a number no text, except where the language says so. What is dumped can be read
    back with `stored`.
    """

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        strict=True,
        allow_inf_nan=False,
        serialize_by_alias=True,
        use_attribute_docstrings=True,
    )
