"""A count that somebody asks for, beside a scaler that decides too."""

from infra_specs.stackfile.models.service import Service
from infra_specs.stackfile.models.units import duration_text


def manual_count_note(name: str, service: Service) -> str | None:
    """What becomes of it, in a sentence for who asked; None where nobody else decides."""
    if service.scaling.mode != "act" or service.replicas.min == service.replicas.max:
        return None
    return (
        f"The scaler adds more when they are needed, and takes away what nobody needs when "
        f"{duration_text(service.scaling.window)} have passed. To keep a number, write it as `replicas` of `{name}` in "
        "the file."
    )
