"""The renderer: each entity drawn once, one message per audience, nothing lost when something breaks."""

from __future__ import annotations

import json
import logging
import uuid
from collections.abc import Callable
from datetime import UTC, datetime

import psycopg
import pytest
from django.db import connection, transaction

from live.broker import BREAK_LONGEST, Publisher
from live.models import Event, Heartbeat
from live.registry import Changed, Frame, register
from live.renderer import BATCH, PART, Renderer
from live.selectors import RENDERER, live_epoch
from live.services import event_record
from tests.live.conftest import Wire
from tests.live.links import FaultyLink

AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
pytestmark = pytest.mark.django_db(transaction=True)
MakeRenderer = Callable[..., Renderer]


def record(entity: str, *ids: uuid.UUID, centre_id: int = 1) -> None:
    with transaction.atomic():
        for version, entity_id in enumerate(ids):
            event_record(
                centre_id=centre_id,
                entity=entity,
                entity_id=entity_id,
                version=version,
                kind=f"{entity}.changed",
                at=AT,
            )


class Board:
    """Draws what changed for two audiences and remembers what it was asked for."""

    def __init__(self) -> None:
        self.asked: list[list[uuid.UUID]] = []
        self.broken: set[uuid.UUID] = set()

    def __call__(self, centre_id: int, changed: Changed) -> list[Frame]:
        ids = [one for some in changed.values() for one in some]
        self.asked.append(ids)
        if self.broken & set(ids):
            raise ValueError("Jane Doe, 555 0100")
        return [Frame(audience, f"<p>{one}</p>") for one in ids for audience in ("console", "wall")]


def test_many_changes_of_one_entity_are_drawn_once_per_audience(renderer: MakeRenderer, wire: Wire) -> None:
    board = Board()
    register(board, "incident")
    working = renderer()
    one, other = uuid.uuid4(), uuid.uuid4()
    record("incident", one, other, one, one)
    working.step()
    assert board.asked == [[one, other]]
    messages = wire.take(2)
    assert [audience for audience, _ in messages] == ["console", "wall"]
    assert messages[0][1]["html"] == PART.join([f"<p>{one}</p>", f"<p>{other}</p>"])
    assert {(message["number"], message["prev"]) for _, message in messages} == {(4, 0)}
    assert messages[0][1]["epoch"] == str(live_epoch())
    assert wire.nothing_waits()


def test_a_beat_says_how_long_it_has_been_behind(renderer: MakeRenderer, wire: Wire) -> None:
    """The loop lives, and what it draws is old: to a page that is no better than silence."""
    working = renderer()

    def slow(centre_id: int, changed: Changed) -> list[Frame]:
        # As if this had taken half a minute; a beat is due.
        assert working._behind_since is not None
        working._behind_since -= 30
        working._next_beat = 0.0
        return []

    def behind() -> float:
        while True:
            message = wire.pubsub.get_message(timeout=20.0)
            assert message is not None
            if message["type"] == "pmessage" and message["channel"].decode().endswith(":engine"):
                return float(json.loads(message["data"])["behind"])

    register(slow, "incident")
    record("incident", uuid.uuid4())
    working.step()
    assert behind() == 0
    assert behind() >= 30
    working._next_beat = 0.0
    working.step()
    assert behind() == 0


def test_each_message_names_the_one_before_it_of_its_audience(renderer: MakeRenderer, wire: Wire) -> None:
    register(lambda centre, changed: [Frame("console", "i")], "incident")
    register(lambda centre, changed: [Frame("console", "u"), Frame("wall", "u")], "unit")
    working = renderer()
    for entity in ("incident", "unit", "incident", "unit"):
        record(entity, uuid.uuid4())
        working.step()
    chain = [(audience, message["prev"], message["number"]) for audience, message in wire.take(6)]
    assert [link for link in chain if link[0] == "console"] == [
        ("console", 0, 1),
        ("console", 1, 2),
        ("console", 2, 3),
        ("console", 3, 4),
    ]
    assert [link for link in chain if link[0] == "wall"] == [("wall", 0, 2), ("wall", 2, 4)]


def test_centres_are_kept_apart(renderer: MakeRenderer, wire: Wire) -> None:
    register(lambda centre, changed: [Frame("console", f"<p>{len(changed['incident'])}</p>")], "incident")
    working = renderer()
    with transaction.atomic():
        record("incident", uuid.uuid4(), centre_id=1)
        record("incident", uuid.uuid4(), centre_id=2)
    working.step()
    assert [message["html"] for _, message in wire.take(2)] == ["<p>1</p>", "<p>1</p>"]


def test_an_entity_that_cannot_be_drawn_stops_no_other(
    renderer: MakeRenderer, wire: Wire, caplog: pytest.LogCaptureFixture
) -> None:
    board = Board()
    register(board, "incident")
    register(lambda centre, changed: [Frame("wall", "<p>unit</p>")], "unit")
    good, bad = uuid.uuid4(), uuid.uuid4()
    board.broken.add(bad)
    working = renderer()
    record("incident", bad, good)
    record("unit", uuid.uuid4())
    with caplog.at_level(logging.ERROR):
        working.step()
    messages = dict(wire.take(3))
    assert messages["console"]["html"] == f"<p>{good}</p>"
    assert messages["wall"]["html"] == PART.join([f"<p>{good}</p>", "<p>unit</p>"])
    assert messages["*"]["reload"] is True
    assert caplog.records
    for entry in caplog.records:
        assert "Jane" not in str(entry.__dict__)
        assert "555" not in entry.getMessage()


def test_a_frame_for_an_impossible_audience_is_refused(renderer: MakeRenderer, wire: Wire) -> None:
    register(lambda centre, changed: [Frame("Wall *", "<p></p>")], "incident")
    working = renderer()
    record("incident", uuid.uuid4())
    working.step()
    assert [audience for audience, _ in wire.take(1)] == ["*"]


def test_more_than_a_batch_is_worked_off_in_order(renderer: MakeRenderer) -> None:
    working = renderer()
    with transaction.atomic():
        record("incident", *(uuid.uuid4() for _ in range(BATCH + 3)))
    assert working.step() is True
    assert working.step() is False
    pairs = Event.objects.order_by("id").values_list("number", flat=True)
    assert list(pairs) == list(range(1, BATCH + 4))


@pytest.mark.parametrize("fault", ["freeze", "cut"])
def test_numbers_are_given_without_redis_and_pages_reload_afterwards(
    fault: str, renderer: MakeRenderer, link: FaultyLink, wire: Wire
) -> None:
    register(lambda centre, changed: [Frame("console", "<p></p>")], "incident")
    now = [0.0]
    working = renderer(url=link.url)
    working._publisher = Publisher(link.url, timeout=0.1, clock=lambda: now[0])
    getattr(link, fault)()
    before = link.accepted
    for _ in range(20):
        record("incident", uuid.uuid4())
        working.step()
    assert Event.objects.filter(number__isnull=True).count() == 0
    # One attempt; after that Redis is left alone, however many events come.
    assert link.accepted - before <= 1
    assert Heartbeat.objects.get(centre_id=0, role=RENDERER).published == 0
    link.cut()
    link.restore()
    now[0] += BREAK_LONGEST
    record("incident", uuid.uuid4())
    working.step()
    messages = wire.take(2)
    assert messages[0] == ("console", messages[0][1] | {"prev": 20, "number": 21})
    assert messages[1][0] == "*"
    assert messages[1][1]["reload"] is True


def test_a_silent_holder_is_replaced_and_can_do_nothing_more(renderer: MakeRenderer, wire: Wire) -> None:
    register(lambda centre, changed: [Frame("console", "<p></p>")], "incident")
    holder = renderer()
    standby = renderer(working=False)
    assert standby.acquire() is False
    assert standby.end_silent_holder() is False
    record("incident", uuid.uuid4())
    holder.step()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE live_heartbeat SET at = at - interval '6 seconds'")
    assert standby.end_silent_holder() is True
    assert standby.acquire() is True
    standby.start()
    record("incident", uuid.uuid4())
    with pytest.raises(psycopg.OperationalError):
        holder.step()
    standby.step()
    assert list(Event.objects.order_by("id").values_list("number", flat=True)) == [1, 2]


def test_what_a_crashed_holder_numbered_but_did_not_publish_is_drawn_again(renderer: MakeRenderer, wire: Wire) -> None:
    register(lambda centre, changed: [Frame("console", f"<p>{len(changed['incident'])}</p>")], "incident")
    holder = renderer()
    record("incident", uuid.uuid4(), uuid.uuid4())
    assert [event.number for event in holder._give_numbers()] == [1, 2]
    holder.__exit__()
    renderer()
    audience, message = wire.take(1)[0]
    assert (audience, message["number"], message["prev"], message["html"]) == ("console", 2, 0, "<p>2</p>")
    assert Heartbeat.objects.get(centre_id=0, role=RENDERER).published == 2


def test_after_too_long_a_pause_everybody_reloads_instead(renderer: MakeRenderer, wire: Wire) -> None:
    holder = renderer()
    with transaction.atomic():
        record("incident", *(uuid.uuid4() for _ in range(BATCH + 1)))
    while holder._give_numbers():
        pass
    holder.__exit__()
    renderer()
    audience, message = wire.take(1)[0]
    assert (audience, message["reload"]) == ("*", True)


def test_one_for_all_centres_and_one_for_a_single_centre_exclude_each_other(renderer: MakeRenderer) -> None:
    single = renderer(centre_id=7)
    everybody = renderer(working=False)
    assert everybody.acquire() is False
    assert renderer(centre_id=8, working=False).acquire() is True
    single.__exit__()
    assert everybody.acquire() is False


@pytest.mark.usefixtures("running_renderer")
def test_the_running_loop_wakes_on_commit_and_survives_the_end_of_its_connection(wire: Wire) -> None:
    register(lambda centre, changed: [Frame("console", "<p></p>")], "incident")
    record("incident", uuid.uuid4())
    assert wire.take(1)[0][1]["number"] == 1
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid, 2000) FROM pg_stat_activity"
            " WHERE application_name = 'live renderer' AND datname = current_database()"
        )
        assert cursor.fetchall() == [(True,)]
    record("incident", uuid.uuid4())
    # What was numbered since the last heartbeat may come twice; a page drops the second copy.
    numbers = [1]
    while numbers[-1] != 2:
        numbers.append(wire.take(1)[0][1]["number"])
    assert numbers == sorted(numbers)
