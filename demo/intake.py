"""The simulated call taker: takes calls at the hour's rate and asks what the server wants to know."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from demo import figures, narratives
from demo.agenda import Agenda
from demo.client import Advice, Door, Json, Problem, SignInRefused, Unreachable

MOST_QUESTIONS = 24
OVERRIDE_SHARE = 0.06
"""Share of accepted suggestions that this call taker answers with something more cautious instead."""
MORE_CAUTIOUS_REASONS = ("sounds_worse", "known_risk", "scene_unclear")
CLASSES = ("emergency", "co_response", "mobile_team", "tele_clinician", "outreach_followup")
RETRY_LATER_S = 20.0
CALLBACKS_OWED = 2


@dataclass
class _Call:
    """One call on the simulated console, from the first words to its end."""

    script: narratives.Script
    place: Json
    id: str = ""
    incident: str = ""
    answered: set[str] = field(default_factory=set)
    advice: Advice = field(default=Advice((), ""))
    called_back: int = 0


class CallTaker:
    """Makes calls out of scripts. All waits are real seconds, shortened by `speed`."""

    def __init__(
        self,
        door: Door,
        dispatcher: Door,
        agenda: Agenda,
        rng: random.Random,
        centre: Mapping[str, Any],
        *,
        rate: float,
        speed: float,
        say: Callable[[str], None],
    ) -> None:
        self._door, self._dispatcher, self._agenda, self._rng = door, dispatcher, agenda, rng
        self._rate, self._speed, self._say = rate, speed, say
        self._zone = ZoneInfo(centre["centre"]["time_zone"])
        self._name = next(one["name"] for one in centre["people"] if one["username"] == door.username)
        self._numbers: Sequence[str] = [phone["number"] for phone in centre["phones"]]
        self._spots: dict[str, list[Json]] = {}
        for place in centre["places"]:
            if place["location_type"]:
                self._spots.setdefault(place["location_type"], []).append(place)

    def start(self) -> None:
        self._agenda.after(1.0, self._take_up)
        self._agenda.after(self._next_gap() * 0.2, self._ring)

    def _take_up(self) -> None:
        """Bring to an end what an earlier run of the simulator left unfinished; nobody else's calls are touched."""
        try:
            for row in self._door.incidents_open():
                if row.get("state") in ("open", "triaged"):
                    self._take_up_one(row)
        except Problem as problem:
            self._say(f"unfinished calls: {problem}")
        except (Unreachable, SignInRefused) as problem:
            self._say(f"call taker waits: {problem}")
            self._agenda.after(RETRY_LATER_S, self._take_up)

    def _take_up_one(self, row: Json) -> None:
        own = [call for call in self._door.calls_of(str(row["id"])) if call.get("owner") == self._name]
        if not own:
            return
        script, place = self._draw()
        call = _Call(script, place, str(own[-1]["id"]), str(row["id"]))
        if own[-1].get("state") == "ended":
            self._soon(5, call, self._give_up)
        elif row.get("where"):
            self._soon(5, call, self._decide)
        else:
            self._soon(5, call, self._locate)

    def _hour(self) -> int:
        return datetime.now(self._zone).hour

    def _next_gap(self) -> float:
        rate = figures.rate_at(self._hour(), self._rate) * self._speed
        return self._rng.expovariate(rate / 3600)

    def _ring(self) -> None:
        self._agenda.after(self._next_gap(), self._ring)
        script, place = self._draw()
        self._soon(0, _Call(script, place), self._open)

    def _draw(self) -> tuple[narratives.Script, Json]:
        script = narratives.draw(self._rng, self._hour())
        kind = self._rng.choice([kind for kind in script.places if kind in self._spots])
        return script, self._rng.choice(self._spots[kind])

    def _soon(self, seconds: float, call: _Call, step: Callable[[_Call], None]) -> None:
        """Do the next step of a call after about so many seconds; a failure ends this call, never the simulator."""

        def work() -> None:
            try:
                step(call)
            except Problem as problem:
                self._say(f"call: {problem}")
                if call.id and step not in (self._end, self._give_up):
                    # Somebody else has dealt with it: at least the line is not left open.
                    self._soon(5, call, self._end)
            except (Unreachable, SignInRefused) as problem:
                self._say(f"call taker waits: {problem}")
                self._soon(RETRY_LATER_S * self._speed, call, step)

        self._agenda.after(self._rng.uniform(0.6, 1.6) * seconds / self._speed, work)

    def _open(self, call: _Call) -> None:
        call.id, call.incident = self._door.call_open(call.script.channel, self._rng.choice(self._numbers))
        self._soon(4, call, self._locate)

    def _locate(self, call: _Call) -> None:
        label = str(call.place["label"])
        found = next((row for row in self._door.places(label) if row.get("label") == label), None)
        body: Json = {"text": label, "location_type": call.place["location_type"]}
        if found is not None:
            body |= {"place_id": found["id"], "state": "verified"}
        else:
            body |= {"lat": call.place["lat"], "lon": call.place["lon"], "state": "unverified"}
        self._door.location(call.id, body)
        self._soon(4, call, self._hear)

    def _hear(self, call: _Call) -> None:
        self._door.nature(call.id, call.script.nature)
        self._door.note(call.incident, self._rng.choice(call.script.says))
        if call.script.nature == "abandoned_or_silent":
            self._soon(6, call, self._hang_up)
        else:
            self._soon(3, call, self._ask)

    def _hang_up(self, call: _Call) -> None:
        self._door.call_end(call.id, "silent")
        self._soon(20, call, self._call_back)

    def _call_back(self, call: _Call) -> None:
        """The two tries within two minutes that a lost call is owed; then a person closes it with a code."""
        call.called_back += 1
        self._door.note(call.incident, "Called back: no answer.", callback_of=call.id)
        self._soon(35, call, self._call_back if call.called_back < CALLBACKS_OWED else self._give_up)

    def _give_up(self, call: _Call) -> None:
        self._dispatcher.close(call.incident, "abandoned")

    def _ask(self, call: _Call) -> None:
        if not call.answered:
            call.advice = self._door.advice(call.incident)
        open_questions = [key for key in call.advice.ask if key not in call.answered]
        if not open_questions or len(call.answered) >= MOST_QUESTIONS:
            self._soon(3, call, self._decide)
            return
        key = open_questions[0]
        truth = {**call.script.truth, "location_type": call.place["location_type"]}
        call.answered.add(key)
        call.advice = self._door.answers(call.id, {key: truth.get(key, "unknown")})
        self._soon(3, call, self._ask)

    def _decide(self, call: _Call) -> None:
        # The truth of the script has been answered: what the words seem to say beyond it is not so.
        for mark in call.advice.unconfirmed:
            call.advice = self._door.cue_dismiss(call.incident, mark)
        suggested = call.advice.recommended
        body: Json = {"action": "accept"}
        if not suggested:
            body = {"action": "send"}
        elif suggested != CLASSES[0] and self._rng.random() < OVERRIDE_SHARE:
            above = CLASSES[CLASSES.index(suggested) - 1]
            body = {"action": "override", "response_class": above, "reason": self._rng.choice(MORE_CAUTIOUS_REASONS)}
        try:
            self._door.decide(call.incident, body)
        except Problem as problem:
            if body["action"] == "send" or problem.status not in (409, 422):
                raise
            # No program takes it, or the suggestion moved on: the standard response of the nature is always there.
            self._door.decide(call.incident, {"action": "send"})
        if call.script.later:
            self._soon(60, call, self._add)
        else:
            self._soon(5, call, self._end)

    def _add(self, call: _Call) -> None:
        """The danger that the caller tells only now, when a crew may be under way."""
        self._door.note(call.incident, call.script.later_says)
        self._door.answers(call.id, call.script.later)
        self._soon(15, call, self._end)

    def _end(self, call: _Call) -> None:
        self._door.call_end(call.id, "completed")
