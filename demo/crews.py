"""The simulated crews: they answer offers, drive in a straight line at city speed, help, clear, and take breaks.

A unit whose phone or console a person is using (`human_active` in the unit list) is left alone altogether.
"""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from demo import figures
from demo.agenda import Agenda
from demo.client import Door, Json, Problem, SignInRefused, Unreachable, identity

LOOK_EVERY_S = 2.0
DECLINE_SHARE = 0.08
DECLINE_REASONS = ("out_of_position", "finishing_call", "known_to_crew", "equipment")
CITY_SPEED_M_S = 9.0
"""About 32 km/h along the straight line: streets are longer than that, and cars faster."""
REPORT_POSITION_S = 4.0
IDLE_POSITION_S = 60.0
BREAK_SHARE_PER_LOOK = 0.0004
"""Chance of a break for each free unit at each look: about one in 80 minutes."""
BREAK_MINUTES = (6.0, 15.0)
BREAK_REASONS = ("Meal", "Refuelling", "Paperwork", "Cleaning the vehicle")
MOST_ON_BREAK = 2
METRES_PER_DEGREE = 111_320.0
DESTINATIONS = ("Harbor Light Crisis Center", "Wrenfield General Hospital", "Willow House Sobering Center")

THINK_S: Mapping[str, tuple[float, float]] = {
    "order": (2, 6),
    "offered": (2, 10),
    "accepted": (8, 40),
    "on_scene": (30, 150),
    "staged": (4, 15),
    "held": (360, 720),
}
"""Seconds that a crew takes in a state before its next step; `order` is a stage order to be read, `held`
one that nobody lifts. Own estimates."""

CLEARED_AS = {
    "remained": ("resolved_on_scene", "services_accepted", "follow_up_booked"),
    "transported": ("transported_services", "transported_services", "transported_hospital"),
    "unable_to_locate": ("not_found",),
    "refused": ("refused",),
}
NOT_OURS = frozenset({"off_shift", "out_of_service", "help", "None"})
"""Statuses in which a simulated crew does nothing; a call for help is a person's doing and a person's to end."""


@dataclass
class _Work:
    """One offer or assignment: when its next step is due, and how the visit will end (see `figures.visit_end`)."""

    state: str
    due: float
    visit: str


@dataclass
class _Crew:
    """One unit, as the simulator sees it. Times are of `time.monotonic`."""

    call_sign: str
    door: Door
    lat: float
    lon: float
    several: bool
    """It may have several calls at once (clinicians on the telephone)."""
    unit: str = ""
    seen: tuple[str, str] = ("", "")
    """Status and incident at the last look; a change means that something has to be done."""
    works: dict[str, _Work] = field(default_factory=dict)
    report_at: float = 0.0
    moved_at: float = 0.0
    break_until: float = 0.0


def metres_between(lat: float, lon: float, to_lat: float, to_lon: float) -> float:
    """Distance over ground in metres; exact enough within one city."""
    east = (to_lon - lon) * METRES_PER_DEGREE * math.cos(math.radians((lat + to_lat) / 2))
    return math.hypot(east, (to_lat - lat) * METRES_PER_DEGREE)


def towards(lat: float, lon: float, to_lat: float, to_lon: float, metres: float) -> tuple[float, float]:
    """The point so many metres further on the straight line, or the goal itself where it is nearer than that."""
    whole = metres_between(lat, lon, to_lat, to_lon)
    if whole <= metres:
        return to_lat, to_lon
    share = metres / whole
    return lat + (to_lat - lat) * share, lon + (to_lon - lon) * share


def works_in(mine: Json) -> Iterator[Json]:
    """Everything that the crew has to deal with, the offer first."""
    for work in (mine.get("offer"), mine.get("assignment"), *(mine.get("others") or [])):
        if isinstance(work, dict):
            yield work


class Crews:
    """All simulated units. `watcher` reads the unit list; each crew acts through its own sign-in, made when needed."""

    def __init__(
        self,
        watcher: Door,
        open_door: Callable[[str], Door],
        agenda: Agenda,
        rng: random.Random,
        centre: Mapping[str, Any],
        *,
        speed: float,
        say: Callable[[str], None],
    ) -> None:
        self._watcher, self._agenda, self._rng = watcher, agenda, rng
        self._speed, self._say = speed, say
        now = time.monotonic()
        self._crews = {
            unit["call_sign"]: _Crew(
                unit["call_sign"],
                open_door(unit["crew"][0]),
                unit["lat"],
                unit["lon"],
                unit["capacity_at_once"] > 1,
                # Not all at once: signing in costs the server a deliberate fraction of a second each.
                report_at=now + 2 * number,
            )
            for number, unit in enumerate(centre["units"])
        }
        self._destinations = [
            (float(place["lat"]), float(place["lon"])) for place in centre["places"] if place["label"] in DESTINATIONS
        ]

    def start(self) -> None:
        self._agenda.after(0.5, self._look)

    def _look(self) -> None:
        self._agenda.after(LOOK_EVERY_S, self._look)
        try:
            rows = self._watcher.units()
        except (Problem, Unreachable, SignInRefused) as problem:
            self._say(f"crews wait: {problem}")
            return
        on_break = sum(row.get("status") == "on_break" for row in rows)
        for row in rows:
            crew = self._crews.get(str(row.get("call_sign")))
            if crew is None:
                continue
            if row.get("human_active"):
                crew.works.clear()
                continue
            crew.unit = identity(row)
            try:
                on_break += self._tend(crew, str(row.get("status")), str(row.get("incident_id")), on_break)
            except Problem as problem:
                # Somebody else was quicker, or the state has moved on: the next look sees how things stand.
                crew.seen = ("", "")
                self._say(f"{crew.call_sign}: {problem}")
            except (Unreachable, SignInRefused) as problem:
                self._say(f"{crew.call_sign} waits: {problem}")

    def _soon(self, span: tuple[float, float]) -> float:
        return time.monotonic() + self._rng.uniform(*span) / self._speed

    def _tend(self, crew: _Crew, status: str, incident: str, on_break: int) -> int:
        """See to one unit. Returns 1 where a break begins."""
        if status in NOT_OURS:
            return 0
        if status == "available":
            crew.works.clear()
            return self._idle(crew, on_break)
        if status == "on_break":
            self._rest(crew)
            return 0
        if status == "not_answering":
            # A crew that missed its offers hears the dispatcher, and says so by its status.
            crew.door.status(crew.unit, "in_service", "Heard")
        changed, crew.seen = crew.seen != (status, incident), (status, incident)
        due = any(work.due <= time.monotonic() for work in crew.works.values())
        if changed or due or crew.several or status == "stage" or not crew.works:
            self._work(crew)
        return 0

    def _idle(self, crew: _Crew, on_break: int) -> int:
        """Report the position now and then; start a break rarely."""
        if on_break < MOST_ON_BREAK and self._rng.random() < BREAK_SHARE_PER_LOOK * self._speed:
            crew.door.status(crew.unit, "on_break", self._rng.choice(BREAK_REASONS))
            crew.break_until = self._soon((BREAK_MINUTES[0] * 60, BREAK_MINUTES[1] * 60))
            return 1
        if crew.report_at <= time.monotonic():
            crew.report_at = time.monotonic() + IDLE_POSITION_S
            crew.door.position(crew.unit, crew.lat, crew.lon)
        return 0

    def _rest(self, crew: _Crew) -> None:
        if not crew.break_until:
            # Left over from an earlier run of the simulator.
            crew.break_until = self._soon((BREAK_MINUTES[0] * 60, BREAK_MINUTES[1] * 60))
        elif crew.break_until <= time.monotonic():
            crew.break_until = 0.0
            crew.door.status(crew.unit, "in_service", "Back")

    # -- offers and assignments ----------------------------------------------------------------------------------------

    def _work(self, crew: _Crew) -> None:
        """Do what is due on each of the crew's works; wait where a step needs its time."""
        works = list(works_in(crew.door.my_unit()))
        crew.works = {key: plan for key, plan in crew.works.items() if key in {identity(work) for work in works}}
        for work in works:
            key, state = identity(work), str(work.get("state"))
            order = work.get("stage_order") or {}
            unread = bool(order) and not order.get("acknowledged_at")
            step = "order" if unread else f"{state}, order read" if order else state
            plan = crew.works.get(key)
            if plan is None or plan.state != step:
                visit = plan.visit if plan else figures.visit_end(self._rng)
                plan = crew.works[key] = _Work(step, self._soon(self._time_for(step, order)), visit)
                crew.moved_at = time.monotonic()
            if plan.due <= time.monotonic():
                self._step(crew, key, state, work, plan, order)

    def _time_for(self, step: str, order: Json) -> tuple[float, float]:
        if step == "with_person":
            seconds = figures.on_scene_minutes(self._rng) * 60
            return seconds, seconds
        if order and step != "order":
            return THINK_S["held"]
        return THINK_S.get(step, (0, 0))

    def _step(self, crew: _Crew, key: str, state: str, work: Json, plan: _Work, order: Json) -> None:
        act = crew.door.act
        if plan.state == "order":
            act(key, "acknowledge_stage")
            if "stage" in (work.get("actions") or []) and not order.get("withdraw"):
                act(key, "stage")
        elif order:
            # Nobody has lifted the order: police have the scene and release the crew.
            act(key, "clear", disposition="handed_to_police")
        elif state == "offered":
            if self._rng.random() < DECLINE_SHARE:
                act(key, "decline", reason=self._rng.choice(DECLINE_REASONS))
            else:
                act(key, "accept")
        elif state == "accepted":
            act(key, "with_person" if work.get("by_phone") else "en_route")
        elif state in ("en_route", "staged"):
            if self._drive(crew, work.get("lat"), work.get("lon")):
                act(key, "on_scene")
        elif state == "on_scene":
            if plan.visit == "unable_to_locate":
                self._clear(crew, key, plan)
            else:
                act(key, "with_person")
        elif state == "with_person":
            if work.get("by_phone"):
                act(key, "clear", disposition="resolved_by_phone")
            elif plan.visit == "transported":
                act(key, "transport")
            else:
                self._clear(crew, key, plan)
        elif state == "transporting":
            goal = min(self._destinations, key=lambda spot: metres_between(crew.lat, crew.lon, *spot))
            if self._drive(crew, *goal):
                self._clear(crew, key, plan)

    def _clear(self, crew: _Crew, key: str, plan: _Work) -> None:
        crew.door.act(key, "clear", disposition=self._rng.choice(CLEARED_AS[plan.visit]))

    def _drive(self, crew: _Crew, lat: float | None, lon: float | None) -> bool:
        """Move as far as the time since the last look allows; whether the crew has arrived."""
        if lat is None or lon is None:
            return True
        now = time.monotonic()
        metres = (now - crew.moved_at) * CITY_SPEED_M_S * self._speed
        crew.moved_at = now
        crew.lat, crew.lon = towards(crew.lat, crew.lon, lat, lon, metres)
        there = (crew.lat, crew.lon) == (lat, lon)
        if there or crew.report_at <= now:
            crew.report_at = now + REPORT_POSITION_S
            crew.door.position(crew.unit, crew.lat, crew.lon)
        return there
