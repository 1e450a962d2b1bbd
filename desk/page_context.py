"""What every page's frame shows. Read lazily, so that a page pays only for what its template draws."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

from accounts.access import FLOOR, roles_of
from accounts.models import Centre, Role, User
from desk.map_data import map_sources
from dispatch.selectors.alarms import SOUND_ROLES, Standing, alarms_standing
from programs.access import READERS as PROGRAM_READERS
from programs.models import Suspension
from programs.selectors import suspensions_standing
from programs.services.readiness import OPENERS

_SCREENS: list[tuple[str, str, frozenset[str]]] = [
    ("Console", "desk:console", frozenset({Role.CALL_TAKER})),
    ("Queue", "desk:queue", frozenset({Role.DISPATCHER, Role.SUPERVISOR, Role.CALL_TAKER, Role.CLINICIAN})),
    ("Clinician", "desk:clinician", frozenset({Role.CLINICIAN})),
    ("Overview", "desk:overview", frozenset({Role.SUPERVISOR})),
    ("Map", "desk:map", FLOOR),
    ("Visits", "desk:visits", frozenset({Role.DISPATCHER, Role.SUPERVISOR, Role.CLINICIAN})),
    ("Programs", "desk:programs", PROGRAM_READERS),
    ("Phone", "desk:phone", frozenset({Role.RESPONDER})),
    ("Wall", "desk:wall", frozenset({Role.DISPATCHER, Role.SUPERVISOR, Role.CALL_TAKER, Role.CLINICIAN})),
    ("Displays", "desk:displays", frozenset({Role.SUPERVISOR, Role.SYSTEM_ADMINISTRATOR})),
    ("Go live", "desk:go_live", OPENERS),
]


@dataclass(frozen=True)
class Screen:
    """One entry of the navigation."""

    name: str
    url: str
    here: bool


@dataclass(frozen=True)
class Stop:
    """A standing stop key as the banner says it."""

    pk: object
    words: str
    reason: str
    set_at: datetime
    set_by: str
    resume_asked_by: str
    resume_asked_by_id: int | None


def stop_words(stop: Suspension) -> str:
    """What is stopped, in words."""
    return "all programs" if stop.scope == Suspension.Scope.ALL else f"{stop.scope} {stop.subject.replace('_', ' ')}"


def stops_of(centre: Centre) -> list[Stop]:
    """The standing stop keys of a centre, for banners and the overview."""
    return [
        Stop(
            stop.pk,
            stop_words(stop),
            stop.reason,
            stop.set_at,
            str(stop.set_by),
            str(stop.resume_asked_by) if stop.resume_asked_by_id else "",
            stop.resume_asked_by_id,
        )
        for stop in suspensions_standing(centre)
    ]


class Page:
    """The frame of one page for one request."""

    app_version = settings.APP_VERSION

    def __init__(self, request: HttpRequest) -> None:
        self._request = request
        user = getattr(request, "user", None)
        self.person: User | None = user if isinstance(user, User) and user.is_authenticated else None
        self.now = datetime.now(UTC)

    @property
    def map_sources(self) -> dict[str, str]:
        """For pages that hold a map (templates/desk/map/sources.html)."""
        return map_sources()

    @property
    def theme(self) -> str:
        return self.person.theme if self.person else "dark"

    @property
    def single_keys(self) -> bool:
        return self.person.single_key_shortcuts if self.person else True

    @property
    def keymap(self) -> str:
        """The person's own keys as JSON; empty where all are the usual ones."""
        return json.dumps(self.person.keymap) if self.person and self.person.keymap else ""

    @cached_property
    def centre(self) -> Centre | None:
        device = getattr(self._request, "display_device", None)
        if device is not None:
            return device.centre  # type: ignore[no-any-return]  # set by desk.displays
        return self.person.centre if self.person else None

    @property
    def simulated(self) -> bool:
        return self.centre is not None and self.centre.simulated

    @property
    def not_live(self) -> bool:
        """A real centre whose go-live list is not done: its calls are for practice."""
        return self.centre is not None and not self.centre.simulated and self.centre.live_at is None

    @cached_property
    def roles(self) -> frozenset[str]:
        return roles_of(self.person) if self.person else frozenset()

    @property
    def on_floor(self) -> bool:
        """Whether the person has the command line."""
        return bool(FLOOR & self.roles)

    @property
    def keeps_settings(self) -> bool:
        """Whether the person sets the centre's clocks and follows up forced addresses."""
        return bool({Role.SUPERVISOR, Role.SYSTEM_ADMINISTRATOR} & self.roles)

    @property
    def role_words(self) -> str:
        return ", ".join(str(Role(role).label) for role in sorted(self.roles))

    @cached_property
    def screens(self) -> list[Screen]:
        path = self._request.path
        return [
            Screen(name, reverse(view), path.startswith(reverse(view)))
            for name, view, roles in _SCREENS
            if roles & self.roles
        ]

    @property
    def density(self) -> str:
        return self.person.density if self.person else "comfortable"

    volumes = ((2, "low"), (5, "middle"), (9, "high"))

    @property
    def sound(self) -> bool:
        """Whether alarms sound at this person's position: as they chose, else unless they only take calls."""
        if self.person is None:
            return False
        if self.person.sound:
            return self.person.sound == "on"
        return bool(self.roles & SOUND_ROLES)

    @property
    def role_codes(self) -> str:
        return " ".join(sorted(self.roles))

    @cached_property
    def alarms_standing(self) -> list[Standing]:
        return alarms_standing(centre=self.centre) if self.centre else []

    @cached_property
    def suspensions(self) -> list[Stop]:
        return stops_of(self.centre) if self.centre else []


def page(request: HttpRequest) -> dict[str, Any]:
    """Context processor."""
    return {"page": Page(request)}
