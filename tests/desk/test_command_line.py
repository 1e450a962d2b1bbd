"""The command line: said before done, refused with what to type, undone as a further entry."""

from uuid import uuid4

import pytest
from django.urls import reverse

from accounts.models import AuditRow, Centre, User
from desk.commands.completion import completions
from desk.commands.grammar import Line, Unreadable, read
from dispatch.models import Assignment, Call, HistoryRow, NarrativeEntry
from dispatch.services.step_back import BACK
from dispatch.states import ASSIGNMENT, ASSIGNMENT_LIVE
from programs.models import ProgramVersion
from responders.models import Unit
from tests.desk.conftest import SignedIn


@pytest.mark.parametrize(
    ("typed", "line"),
    [
        ("tk", Line("tk")),
        ("n #0412 still on line -- calm now", Line("n", ("still", "on", "line"), {}, "calm now", 412)),
        ('nc loc:"1200 n main" type:mh', Line("nc", (), {"loc": "1200 n main", "type": "mh"})),
        ('loc "Harlan St -- north end"', Line("loc", ("Harlan St -- north end",))),
        ("ST Star-2 OnScene", Line("st", ("Star-2", "OnScene"))),
        ("n -- time 10:30, door #4", Line("n", (), {}, "time 10:30, door #4")),
    ],
)
def test_a_line_is_read(typed: str, line: Line) -> None:
    assert read(typed) == line


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("", "Type a command"),
        ('loc "1200 n main', "quotation mark"),
        ("nd why:a why:b", "given twice"),
        ("tk #0412 #0413", "one incident"),
        ("n --", "text after the dashes"),
    ],
)
def test_what_cannot_be_read_says_what_to_type(typed: str, says: str) -> None:
    with pytest.raises(Unreadable, match=says):
        read(typed)


def test_only_steps_that_keep_an_assignment_alive_can_be_taken_back() -> None:
    assert all(ASSIGNMENT.table[action][1] in ASSIGNMENT_LIVE for action in BACK)


def _post(signed_in: SignedIn, role: str, door: str, text: str, selected: object = "") -> dict[str, object]:
    data = {"id": uuid4(), "text": text, "selected": selected or ""}
    return dict(signed_in(role).post(reverse(f"desk:command_{door}"), data).json())


pytestmark = pytest.mark.django_db


def test_a_status_is_echoed_done_and_undone(signed_in: SignedIn, accepted: Assignment) -> None:
    """Acceptance check 13 of the experience reference, without the page."""
    said = _post(signed_in, "dispatcher", "echo", "st star-1 enroute")
    assert said["echo"] == f"Star 1 → EN ROUTE on #{accepted.incident.number:04d}"
    accepted.refresh_from_db()
    assert accepted.state == "accepted"
    done = _post(signed_in, "dispatcher", "run", "st STAR1 enroute")
    accepted.refresh_from_db()
    assert (accepted.state, accepted.en_route_at is not None) == ("en_route", True)
    undone = signed_in("dispatcher").post(reverse("desk:command_undo"), {"id": uuid4(), "token": done["undo"]}).json()
    assert undone["done"] == "Star 1 is ACCEPTED again."
    accepted.refresh_from_db()
    assert (accepted.state, accepted.en_route_at) == ("accepted", None)
    rows = HistoryRow.objects.filter(entity="assignment", entity_id=accepted.pk).order_by("id")
    assert [row.action for row in rows][-2:] == ["en_route", "undo"]
    assert AuditRow.objects.filter(action="assignment.undo", entity_id=str(accepted.pk)).exists()


def test_undo_is_for_who_did_it_and_only_while_nothing_has_followed(signed_in: SignedIn, accepted: Assignment) -> None:
    done = _post(signed_in, "dispatcher", "run", "st star-1 enroute")
    token = {"id": uuid4(), "token": done["undo"]}
    other = signed_in("supervisor").post(reverse("desk:command_undo"), token)
    assert (other.status_code, other.json()["problem"]) == (422, "Only who did it can undo it.")
    _post(signed_in, "dispatcher", "run", "st star-1 onscene")
    late = signed_in("dispatcher").post(reverse("desk:command_undo"), token)
    assert "happened since" in late.json()["problem"]
    forged = signed_in("dispatcher").post(reverse("desk:command_undo"), {"id": uuid4(), "token": "x:y:z"})
    assert forged.json()["problem"] == "This cannot be undone."


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("st star-9 onscene", "There is no unit star-9"),
        ("st star-1 flying", "is no status"),
        ("st star-2 onscene", "Star 2 is on no call"),
        ("frobnicate", "There is no command “frobnicate”"),
        ("tk who:me", "has no field “who”"),
        ("tk #9999", "There is no incident #9999"),
        ("tk", "Which call?"),
        ("x out:banana #{number}", "out:banana is not known"),
        ("d star-1 #{number}", "already on a call"),
        ("hold #{number} min:900 why:later", "1 to 240"),
    ],
)
def test_a_mistake_does_nothing_and_says_why(signed_in: SignedIn, accepted: Assignment, typed: str, says: str) -> None:
    history = HistoryRow.objects.count()
    line = typed.replace("{number}", f"{accepted.incident.number:04d}")
    answer = signed_in("dispatcher").post(reverse("desk:command_run"), {"id": uuid4(), "text": line})
    assert answer.status_code == 422
    assert says in answer.json()["problem"]
    assert HistoryRow.objects.count() == history


def test_a_call_is_taken_asked_and_sent_by_lines_alone(
    signed_in: SignedIn, centre: Centre, people: dict[str, User], units: dict[str, Unit],
    programs: dict[str, ProgramVersion], call: Call,
) -> None:  # fmt: skip
    lines = [
        "n still on the line, calm now",
        "ans weapon:none violence:none suicide:none breathing:normal conscious:alert",
        "nd why:caller_asked_police -- wants an officer",
    ]
    for typed in lines:
        answer = _post(signed_in, "call_taker", "run", typed, call.incident_id)
        assert "problem" not in answer, answer
    call.incident.refresh_from_db()
    assert call.incident.response_class == "emergency"
    assert call.incident.decisions.get(state="standing").reason == "caller_asked_police"
    assert NarrativeEntry.objects.filter(incident=call.incident).count() == 1
    ask = _post(signed_in, "dispatcher", "run", "ack police no:26-1188", call.incident_id)
    assert ask["done"] == f"Police have #{call.incident.number:04d}."


def test_the_same_line_sent_twice_is_done_once(signed_in: SignedIn, call: Call) -> None:
    data = {"id": uuid4(), "text": "n waits by the gate", "selected": call.incident_id}
    client = signed_in("call_taker")
    answers = [client.post(reverse("desk:command_run"), data).json()["done"] for _ in range(2)]
    assert answers[0] == answers[1]
    assert NarrativeEntry.objects.filter(incident=call.incident).count() == 1


def test_commands_follow_the_role(signed_in: SignedIn, accepted: Assignment) -> None:
    said = _post(signed_in, "call_taker", "run", "st star-1 enroute")
    assert "no command “st” for you" in str(said["problem"])
    names = [row[0] for row in _post(signed_in, "call_taker", "echo", "help")["help"]]  # type: ignore[attr-defined]  # JSON
    assert "nc" in names
    assert "st" not in names
    assert signed_in("responder").post(reverse("desk:command_run"), {"id": uuid4(), "text": "tk"}).status_code == 403


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("s", "send"),
        ("st st", "star-1"),
        ("st star-1 on", "onscene"),
        ("nd wh", "why:"),
        ("nd why:of", "why:officer_asked"),
    ],
)
def test_what_may_follow(
    centre: Centre, people: dict[str, User], units: dict[str, Unit], typed: str, first: str
) -> None:
    assert completions(typed, people["dispatcher"], centre)[0] == first
