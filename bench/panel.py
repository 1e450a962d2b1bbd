"""Server time of the console's suggestion panel: from the posted answer to the rendered parts, in process.

    python -m bench panel [--answers 300]

One call taker, the demo city, the real views, middleware and templates, through Django's own test client; no network
and no server processes. The floor is the same transaction by hand: lock, answer row, incident with history row, event
row, commit, on the same connection in the same run, so that the ratio says how much is ours on any machine. `engine` is
triage alone, on the same answers. Targets: 20 ms of server time for an answer, 1 ms for the engine.
"""

from __future__ import annotations

import argparse
import json
import os
import time
import uuid
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import django

from bench.ground import machine, percentiles, prepare

TARGET_ANSWER_MS, TARGET_ENGINE_MS = 20.0, 1.0
TEXT = "Caller says her brother is pacing on the porch. He had a knife earlier, put it down, no weapons now. Not hurt."
"""A note of ordinary length with cues in it."""
DRAFT = "he is calm now, wearing a blue coat"
ANSWERS: Sequence[tuple[str, str]] = (
    ("weapon", "none"),
    ("violence", "none"),
    ("breathing", "normal"),
    ("conscious", "alert"),
    ("suicide", "ideation"),
    ("crime", "none"),
    ("domestic", "no"),
    ("barricade", "no"),
    ("child_at_risk", "false"),
    ("ingestion", "none"),
)


class Console:
    """A signed-in call taker's requests, timed, with their number of queries."""

    def __init__(self) -> None:
        from django.conf import settings
        from django.test import Client

        from accounts.models import User

        settings.ALLOWED_HOSTS = ["testserver"]
        self.user = User.objects.get(username="calltaker1")
        self._client = Client()
        self._client.force_login(self.user)
        self.queries = 0

    def _count(self, execute: Callable[..., Any], *arguments: Any) -> Any:
        self.queries += 1
        return execute(*arguments)

    def post(self, path: str, **data: str) -> float:
        """Post a form; returns the seconds that it took. Raises RuntimeError where it was refused."""
        from django.db import connection

        self.queries = 0
        with connection.execute_wrapper(self._count):
            began = time.perf_counter()
            response = self._client.post(f"/console/calls/{path}", data, secure=True)
            took = time.perf_counter() - began
        if response.status_code != 200:
            raise RuntimeError(f"{path}: {response.status_code} {response.content[:200]!r}")
        return took

    def dangers(self, call: str) -> str:
        """The marks of dangers that the call's notes show, one a line, as the page posts them with a draft."""
        from dispatch.models import Call
        from dispatch.selectors.cues import proposals_of
        from dispatch.selectors.triage import answers_at_place

        incident = Call.objects.select_related("incident__centre").get(pk=call).incident
        waiting = proposals_of(incident).dangers(answers_at_place(incident, at=datetime.now(UTC)))
        return "\n".join(cue.mark for cue in waiting)

    def call(self) -> str:
        """A new call at an address of the city, with a nature and a note."""
        from people.models import Place

        id = str(uuid.uuid4())
        place = Place.objects.filter(centre=self.user.centre, location_type="public_outdoor").first()
        if place is None:
            raise RuntimeError("the demo city has no public place")
        self.post("", id=id)
        self.post(f"{id}/location/", text=place.label, place=str(place.pk))
        self.post(f"{id}/nature/", nature="welfare_check")
        self.post(f"{id}/notes/", id=str(uuid.uuid4()), text=TEXT)
        return id


def floor_of_writes(call: str, times: int) -> list[float]:
    """Seconds of the bare round trips that an answer must cost: lock, answer, incident and history, event, commit."""
    from django.db import connection, transaction

    from dispatch.models import Call
    from live.services import event_record

    incident = Call.objects.select_related("incident").get(pk=call).incident
    took = []
    for _ in range(times):
        at, began = datetime.now(UTC), time.perf_counter()
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT id FROM dispatch_incident WHERE id = %s FOR UPDATE", [incident.pk])
            cursor.execute(
                "INSERT INTO dispatch_answer (incident_id, call_id, source, key, value, basis, at)"
                " VALUES (%s, %s, %s, 'subjects', '1', 'told', %s)",
                [incident.pk, call, f"call:{call}", at],
            )
            cursor.execute(
                "WITH changed AS (UPDATE dispatch_incident SET version = version + 1 WHERE id = %s)"
                " INSERT INTO dispatch_historyrow (centre_id, incident_id, entity, entity_id, action, from_state,"
                " to_state, at, reason, detail) VALUES (%s, %s, 'answer', %s, 'record', '', '', %s, '', '{}')",
                [incident.pk, incident.centre_id, incident.pk, call, at],
            )
            event_record(
                centre_id=incident.centre_id, entity="incident", entity_id=incident.pk, version=0, kind="bench", at=at
            )
        took.append(time.perf_counter() - began)
    return took


def engine_alone(call: str, times: int) -> list[float]:
    """Seconds of triage alone, on the answers of a call."""
    from dispatch.models import Call
    from dispatch.selectors.triage import judge, suggest

    incident = Call.objects.select_related("incident__centre").get(pk=call).incident
    judged = judge(incident=incident, at=datetime.now(UTC))
    if judged.protocol is None or judged.published is None:
        raise RuntimeError("triage gave no suggestion")
    took = []
    for _ in range(times):
        began = time.perf_counter()
        suggest(judged.protocol, judged.published, judged.answers, judged.nature)
        took.append(time.perf_counter() - began)
    return took


def measure(answers: int) -> dict[str, Any]:
    """All figures, on the database of the environment."""
    prepare()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    console = Console()
    warm = console.call()
    for key, value in ANSWERS:
        console.post(f"{warm}/answers/", key=key, value=value)
    seconds: dict[str, list[float]] = {"answer": [], "draft": [], "decision": [], "floor": [], "engine": []}
    queries: dict[str, int] = {}
    while len(seconds["answer"]) < answers:
        call = console.call()
        for key, value in ANSWERS:
            seconds["answer"].append(console.post(f"{call}/answers/", key=key, value=value))
            queries["answer"] = max(queries.get("answer", 0), console.queries)
        seconds["draft"].append(console.post(f"{call}/draft/", draft=DRAFT, seen=console.dangers(call)))
        queries["draft"] = console.queries
        seconds["floor"] += floor_of_writes(call, len(ANSWERS))
        seconds["engine"] += engine_alone(call, len(ANSWERS))
        seconds["decision"].append(console.post(f"{call}/decision/", id=str(uuid.uuid4()), action="send"))
        queries["decision"] = console.queries
    rows = {name: {**percentiles(took, at=(50, 95)), "queries": queries.get(name)} for name, took in seconds.items()}
    ratio = {at: round(_ms(rows["answer"], at) / _ms(rows["floor"], at), 1) for at in ("p50_ms", "p95_ms")}
    return {
        "bench": "panel",
        "answers": len(seconds["answer"]),
        "rows": rows,
        "answer_over_floor": ratio,
        "target_ms": {"answer": TARGET_ANSWER_MS, "engine": TARGET_ENGINE_MS},
        "met": _ms(rows["answer"], "p50_ms") < TARGET_ANSWER_MS and _ms(rows["engine"], "p50_ms") < TARGET_ENGINE_MS,
    }


def _ms(row: dict[str, Any], at: str) -> float:
    return float(row[at])


def table(figures: dict[str, Any]) -> str:
    """The figures for a person."""
    lines = [f"{'':<10}{'p50 ms':>9}{'p95 ms':>9}{'queries':>9}"]
    lines += [
        f"{name:<10}{row['p50_ms']:>9}{row['p95_ms']:>9}{row['queries'] or '':>9}"
        for name, row in figures["rows"].items()
    ]
    over = figures["answer_over_floor"]
    lines.append(f"an answer costs {over['p50_ms']} times its bare writes (p95: {over['p95_ms']})")
    lines.append(f"targets {'met' if figures['met'] else 'missed'}, load {figures['machine']['load_1_min']}")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> dict[str, Any]:
    """Measure and return the figures."""
    parser = argparse.ArgumentParser(prog="python -m bench panel", description=__doc__)
    parser.add_argument("--answers", type=int, default=300)
    chosen = parser.parse_args(arguments)
    return {**measure(chosen.answers), "machine": machine()}


if __name__ == "__main__":
    print(json.dumps(figures := main()))
    print(table(figures))
