"""One incident's own row, with what nearly every change of it needs: its centre, its owner, its program."""

from collections.abc import Sequence
from typing import Any

from accounts.row_read import row_read
from dispatch.models import Incident
from programs.selectors import version_filled

_JOINED = ("centre", "owner", "program_version", "program_version__program")
_WITHOUT = ("program_version__spec", "program_version__area")


def incident_read(condition: str, values: Sequence[Any]) -> Incident | None:
    """The incident (table `one`) that meets the condition, or None. What locks it may follow the condition."""
    incident = row_read(Incident, condition, values, joined=_JOINED, without=_WITHOUT)
    if incident is not None and incident.program_version is not None:
        version_filled(incident.program_version)
    return incident
