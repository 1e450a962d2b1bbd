"""The one function that moves a version from state to state."""

from datetime import datetime

from accounts.models import User
from accounts.problems import Refused
from accounts.services import audit
from programs.models import ProgramVersion, ProtocolVersion, VersionState, VersionStep
from programs.states import TRANSITIONS


def step(
    version: ProgramVersion | ProtocolVersion, action: str, *, by: User | None, at: datetime, words: str = ""
) -> None:
    """Change the state, add the history row and the audit row. The caller holds the row's lock and saves it.

    Raises Refused (409) when the state does not allow the action.
    """
    allowed, to = TRANSITIONS[action]
    if version.state not in allowed:
        now = VersionState(version.state).label.lower()
        raise Refused("wrong_state", f"{version} is {now}: {action.replace('_', ' ')} is not possible.", status=409)
    was, version.state = version.state, to
    VersionStep.objects.create(
        program_version=version if isinstance(version, ProgramVersion) else None,
        protocol_version=version if isinstance(version, ProtocolVersion) else None,
        at=at,
        by=by,
        action=action,
        from_state=was,
        to_state=to,
        words=words[:1000],
    )
    centre = version.program.centre if isinstance(version, ProgramVersion) else version.centre
    noun = "program" if isinstance(version, ProgramVersion) else "protocol"
    audit(
        action=f"{noun}.{action}",
        at=at,
        by=by,
        centre=centre,
        entity=f"{noun}_version",
        entity_id=version.pk,
        detail={"number": version.number, "from": was, "to": to},
    )
