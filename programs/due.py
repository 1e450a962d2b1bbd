"""What falls due by time alone in this app: approved versions whose time has come. The sweeper runs it each second."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from http import HTTPStatus

from accounts.models import Centre
from accounts.problems import Refused
from programs.models import ProgramVersion, ProtocolVersion, VersionState
from programs.services.protocols import protocol_go_live
from programs.services.publishing import version_go_live

AGAIN_S = 30
"""A check that could not be run is run again only after this: each is a process that starts."""
_unchecked: dict[str, tuple[datetime, str]] = {}
"""By id of a version: when its check could not be run here, and why."""


@dataclass
class Due:
    """What came of the versions whose time has come: how many went live, and why others did not."""

    live: int = 0
    waiting: dict[str, tuple[str, str]] = field(default_factory=dict)
    """By id of the version: its name, and the reason in words."""
    proving: set[str] = field(default_factory=set)
    """Ids of versions whose proof is being made behind the loop."""


def versions_live(
    centre: Centre, at: datetime, *, within: Callable[[], AbstractContextManager[None]] = nullcontext
) -> Due:
    """Protocols first, then programs, each live from its time on unless it does not hold: then it goes on waiting.

    `within`: entered around each of them, for a caller that does not wait long for rows that somebody has locked.
    """
    due = {"state": VersionState.SCHEDULED, "effective_from__lte": at}
    done = Due()
    protocols = ProtocolVersion.objects.filter(centre=centre, **due).select_related("centre")
    for protocol in protocols:
        _one(protocol, partial(protocol_go_live, version=protocol, at=at), done, at, within)
    for version in ProgramVersion.objects.filter(program__centre=centre, **due).select_related("program__centre"):
        _one(version, partial(version_go_live, version=version, at=at), done, at, within)
    return done


def _one(
    version: ProtocolVersion | ProgramVersion,
    go_live: Callable[[], ProtocolVersion | ProgramVersion],
    done: Due,
    at: datetime,
    within: Callable[[], AbstractContextManager[None]],
) -> None:
    key = str(version.pk)
    tried, why = _unchecked.get(key, (None, ""))
    if tried is not None and timedelta(0) <= at - tried < timedelta(seconds=AGAIN_S):
        done.waiting[key] = (str(version), why)
        return
    _unchecked.pop(key, None)
    try:
        with within():
            state = go_live().state
        done.live += state == VersionState.PUBLISHED
        if state == VersionState.SCHEDULED:
            done.proving.add(key)
    except Refused as refused:
        done.waiting[key] = (str(version), refused.detail)
        if refused.status == HTTPStatus.SERVICE_UNAVAILABLE:
            _unchecked[key] = (at, refused.detail)
