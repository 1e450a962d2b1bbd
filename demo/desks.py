"""The simulated desks of police, EMS and fire: they answer hand-offs with a name and a number of their own."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable
from functools import partial

from demo.agenda import Agenda
from demo.client import Door, Problem, SignInRefused, Unreachable, identity

LOOK_EVERY_S = 3.0
ANSWER_S = (6.0, 22.0)
"""Real seconds until a desk answers: mostly below the 30 s after which the owner is alarmed."""
SEND_READY_AFTER_S = 45.0
"""Real seconds that a hand-off made ready by the engine waits for a person before the simulated dispatcher sends it."""
NAMES = {"police": "Police desk, Sgt Aldana", "ems": "Ambulance desk, K. Mercer", "fire": "Fire desk, Lt Osei"}


class Desks:
    """Acknowledges requested hand-offs, once each; sends those made ready that nobody sends."""

    def __init__(self, door: Door, agenda: Agenda, rng: random.Random, say: Callable[[str], None]) -> None:
        self._door, self._agenda, self._rng, self._say = door, agenda, rng, say
        self._pending: set[tuple[str, str]] = set()
        self._numbers = itertools.count(rng.randint(1000, 4000))

    def start(self) -> None:
        self._agenda.after(1.0, self._look)

    def _look(self) -> None:
        self._agenda.after(LOOK_EVERY_S, self._look)
        try:
            rows = self._door.handoffs()
        except (Problem, Unreachable, SignInRefused) as problem:
            self._say(f"desks wait: {problem}")
            return
        for row in rows:
            handoff, service = identity(row), str(row.get("service"))
            if (handoff, row.get("state")) in self._pending:
                continue
            if row.get("state") == "requested":
                self._pending.add((handoff, "requested"))
                self._agenda.after(self._rng.uniform(*ANSWER_S), partial(self._answer, handoff, service))
            elif row.get("state") == "ready":
                self._pending.add((handoff, "ready"))
                self._agenda.after(SEND_READY_AFTER_S, partial(self._request, handoff))

    def _request(self, handoff: str) -> None:
        """Send what the machine made ready and nobody on the floor has sent for a while."""
        self._pending.discard((handoff, "ready"))
        try:
            self._door.handoff_send(handoff)
        except (Problem, Unreachable, SignInRefused) as problem:
            self._say(f"dispatcher: {problem}")

    def _answer(self, handoff: str, service: str) -> None:
        self._pending.discard((handoff, "requested"))
        number = f"{service[:1].upper()}{next(self._numbers)}"
        try:
            self._door.handoff_acknowledge(handoff, NAMES.get(service, f"{service} desk"), number)
        except (Problem, Unreachable, SignInRefused) as problem:
            self._say(f"{service} desk: {problem}")
