"""The command line: said before done, refused with what to type, undone as a further entry."""

import re
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from uuid import uuid4

import pytest
from django.test import RequestFactory
from django.urls import URLPattern, URLResolver, reverse

from accounts.models import AuditRow, Centre, User
from desk import urls as desk_urls
from desk.commands.completion import completions
from desk.commands.grammar import Line, Unreadable, read
from desk.commands.plans import VERBS
from desk.keys import ACTION_KEYS, KEYS, QUEUE_KEYS, RADIO_KEYS, REASON_KEYS
from dispatch.models import Assignment, Call, HistoryRow, NarrativeEntry
from dispatch.reasons import OVERRIDE_LESS, OVERRIDE_MORE
from dispatch.services.step_back import BACK
from dispatch.states import ASSIGNMENT, ASSIGNMENT_LIVE
from programs.models import ProgramVersion
from responders.models import StatusRules, Unit
from tests import factories
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


def _posted(patterns: Sequence[object], prefix: str = "") -> dict[str, str]:
    """Name to path of every address of console and queue that is posted: asked otherwise it says so, to anybody."""
    found: dict[str, str] = {}
    for one in patterns:
        assert isinstance(one, URLPattern | URLResolver)
        path = prefix + str(one.pattern)
        if isinstance(one, URLResolver):
            found |= _posted(one.url_patterns, path)
        elif path.startswith(("console/", "queue/", "stop-key/")):
            named = dict.fromkeys(one.pattern.converters, uuid4())
            answer = one.callback(RequestFactory().put("/"), **named)
            if answer.status_code == 405 and "GET" not in answer["Allow"]:
                found[str(one.name)] = path
    return found


_SEARCHES = {"places", "places_outside", "natures", "persons", "call_draft", "call_unsent"}
"""Posted by typing, so that no address holds what is typed; they change nothing of the record."""


def test_every_action_of_console_and_queue_has_a_command_and_a_key() -> None:
    """A new posted address without both fails here: give its verb `does`, and its key a place in desk/keys.py."""
    posted = set(_posted(desk_urls.urlpatterns)) - _SEARCHES
    assert len(posted) > 45
    done = {name for verb in VERBS.values() for name in verb.does}
    assert posted - done == set(), "without a command"
    assert posted - set(ACTION_KEYS) == set(), "without a key"
    assert done <= posted, "a command for an address that is gone"
    known = {**KEYS, **QUEUE_KEYS, "N": "Write a note", "Ctrl+K": "Command line"}
    assert {name for name, key in ACTION_KEYS.items() if key not in known} == set()
    templates = "".join(
        path.read_text(encoding="utf-8")
        for folder in ("console", "queue", "map")
        for path in sorted((Path(__file__).parents[2] / "templates/desk" / folder).glob("*.html"))
    )
    shown = set(re.findall(r'data-key="([^"{]+)"', templates)) | set(RADIO_KEYS.values()) | {"F9", ".", "Q", "Ctrl+K"}
    scripted = {"Alt+A", "Alt+X", "Alt+Y", "Alt+I", "Alt+K", "Alt+J", "Alt+7"}
    assert {key for key in known if key not in shown | scripted} == set(), "a key that no screen shows"


def test_each_reason_and_radio_word_has_one_key_of_its_own() -> None:
    assert set(REASON_KEYS) == {*OVERRIDE_MORE, *OVERRIDE_LESS}
    assert len(set(REASON_KEYS.values())) == len(REASON_KEYS)
    assert set(RADIO_KEYS.values()) <= set(QUEUE_KEYS)


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


def test_the_centre_says_how_strictly_the_order_is_taken_at_this_door_too(
    signed_in: SignedIn, centre: Centre, accepted: Assignment
) -> None:
    rules = StatusRules.objects.create(centre=centre, status_transitions="enforce")
    for typed in ("st star-1 transport", "st star-1 break"):
        if "transport" in typed:
            _post(signed_in, "dispatcher", "run", "st star-1 enroute")
        assert "problem" in _post(signed_in, "dispatcher", "run", typed), typed
    rules.status_transitions = "warn"
    rules.save()
    said = _post(signed_in, "dispatcher", "echo", "st star-1 transport")
    assert str(said["echo"]).endswith("TRANSPORT on #0001, out of order")
    assert _post(signed_in, "dispatcher", "run", "st star-1 transport")["done"]
    assert _post(signed_in, "dispatcher", "run", "st star-1 break")["done"] == "Star 1 is on break, out of order."
    accepted.refresh_from_db()
    assert accepted.state == "transporting"


def test_a_crew_that_gives_a_call_back_by_radio(signed_in: SignedIn, accepted: Assignment) -> None:
    refused = _post(signed_in, "dispatcher", "run", "st star-1 clear out:returned_to_911")
    assert "is not known" in str(refused["problem"])
    assert "why:unsafe" in str(_post(signed_in, "dispatcher", "echo", "st star-1 return")["problem"])
    done = _post(signed_in, "dispatcher", "run", "st star-1 return why:medical")
    assert done["done"] == f"Star 1 has given #{accepted.incident.number:04d} back: needs medical care."
    accepted.refresh_from_db()
    assert accepted.disposition == "returned_to_911"


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


def test_a_call_in_hand_is_worked_by_lines_alone(signed_in: SignedIn, call: Call, people: dict[str, User]) -> None:
    """Each line is said in words first; what the last line changed is looked at where it is kept."""
    giver, taker = people["call_taker"], people["dispatcher"]
    lines = [
        ("ph 9195550142 sure:yes", "call back 9195550142, confirmed"),
        ("park", "parked"),
        ("unpark", "taken up again"),
        ("whisper", "yes or no only"),
        ("via relay", "came by"),
        ('ali "1198 Main Street"', "carrier, not verified"),
        ("n she is calm", "note on"),
        ("strike", "strike the note “she is calm”"),
        (f"give {taker.username}", f"offer #{call.incident.number:04d} to {taker}"),
        ("get withdraw", "withdrawn"),
        ("end dropped", "ended: dropped"),
        ("cb no", "called back: not reached"),
    ]
    for typed, says in lines:
        echo = _post(signed_in, "call_taker", "echo", typed, call.incident_id)
        assert says in str(echo["echo"]), (typed, echo)
        answer = _post(signed_in, "call_taker", "run", typed, call.incident_id)
        assert "problem" not in answer, (typed, answer)
    call.refresh_from_db()
    assert (call.phone_confirmed, call.whisper, call.channel, call.ended_as) == (True, True, "relay_911", "dropped")
    assert call.owner_id == giver.pk
    assert call.callbacks.count() == 1
    assert call.handovers.get().answer == "withdrawn"
    assert NarrativeEntry.objects.filter(incident=call.incident, struck_at__isnull=False).count() == 1


def test_a_caller_is_joined_undone_and_kept_apart_by_lines(
    signed_in: SignedIn, centre: Centre, people: dict[str, User], call: Call, now: datetime
) -> None:
    other = factories.a_call(centre, by=people["call_taker"], at=now)
    code = f"#{other.incident.number:04d}"
    joined = _post(signed_in, "call_taker", "run", f"dup {code}", call.incident_id)
    assert _post(signed_in, "call_taker", "echo", "apart", other.incident_id)["echo"] == (
        f"take the caller who was joined to {code} out again"
    )
    token = {"id": uuid4(), "token": joined["undo"]}
    undone = signed_in("call_taker").post(reverse("desk:command_undo"), token).json()
    call.refresh_from_db()
    assert undone["done"] == f"The caller has an incident of their own again: #{call.incident.number:04d}."
    again = signed_in("call_taker").post(reverse("desk:command_undo"), token).json()
    assert "not with that incident" in again["problem"]
    _post(signed_in, "call_taker", "run", f"dup {code}", call.incident_id)
    assert "out again" in str(_post(signed_in, "call_taker", "run", "apart", other.incident_id)["done"])
    call.refresh_from_db()
    assert "are not the same" in str(_post(signed_in, "call_taker", "run", f"apart {code}", call.incident_id)["done"])


def test_alarms_and_the_stop_key_have_their_lines(signed_in: SignedIn, accepted: Assignment) -> None:
    incident = accepted.incident
    for role, typed, says in [
        ("dispatcher", "told police_no_release -- warrant stands", "Police do not release"),
        ("dispatcher", "at", "Take the alarm"),
        ("dispatcher", "al -- the sergeant phoned", "End the alarm"),
        ("dispatcher", 'safe by:"Sgt Lee"', "said by Sgt Lee"),
        ("dispatcher", "cn why:safety", "No unit is being asked"),
        ("supervisor", "stop all -- radio is down", "Stop all diversion NOW"),
        ("supervisor", "resume", "Ask to resume"),
        ("dispatcher", "resume", "Resume as second person"),
    ]:
        answer = _post(signed_in, role, "run", typed, incident.pk)
        assert says in str(answer.get("done", answer)), (typed, answer)
    assert "No stop waits" in str(_post(signed_in, "dispatcher", "run", "resume")["problem"])


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("yes", "Nothing of"), ("sto", "No crew of"), ("lift why:left", "No crew of"), ("hs", "No hand-off of"),
        ("hd police why:no_unit name:Kim", "have not been asked"), ("te return", "Add why:"),
        ("word yes", "Nobody waits for word"), ("cn why:safety", "No unit is being asked"), ("ext soon", "how many"),
        ("trs ring", "No transfer of"), ("tr nowhere", "To whom? tr clinician"), ("dup #9999", "no incident #9999"),
        ("not", "No words of"), ("get", "Nothing is offered"), ("park now", "takes no further word"),
    ],
)  # fmt: skip
def test_a_line_with_nothing_to_act_on_says_so(
    signed_in: SignedIn, accepted: Assignment, typed: str, says: str
) -> None:
    said = _post(signed_in, "dispatcher", "run", typed, accepted.incident_id)
    assert says in str(said["problem"])


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
