"""What falls due by time alone in this app: approved versions whose time has come. The sweeper runs it each second."""

from datetime import datetime

from accounts.models import Centre
from programs.models import ProgramVersion, ProtocolVersion, VersionState
from programs.services.protocols import protocol_go_live
from programs.services.publishing import version_go_live


def versions_live(centre: Centre, at: datetime) -> int:
    """Protocols first, then programs, each live from its time on. Returns how many went live."""
    due = {"state": VersionState.SCHEDULED, "effective_from__lte": at}
    done = 0
    for protocol in ProtocolVersion.objects.filter(centre=centre, **due):
        done += protocol_go_live(version=protocol, at=at).state == VersionState.PUBLISHED
    for version in ProgramVersion.objects.filter(program__centre=centre, **due):
        done += version_go_live(version=version, at=at).state == VersionState.PUBLISHED
    return done


JOBS = (versions_live,)
