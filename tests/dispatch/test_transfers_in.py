"""Callers whom others give us: the sender is owed the word how it ended, and nothing else ends that."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from uuid import uuid4

import pytest

from accounts.models import Centre, User
from accounts.problems import Refused
from dispatch import due
from dispatch.models import Alarm, Call, Incident, Transfer
from dispatch.services.alarms import alarm_end
from dispatch.services.calls import call_end
from dispatch.services.transfer_ends import (
    transfer_decline,
    transfer_drop,
    transfer_resolve,
    transfer_return,
    transfer_team_ask,
    transfer_withdraw,
)
from dispatch.services.transfers import transfer_connect, transfer_ring
from dispatch.services.transfers_in import transfer_receive, transfer_tell

Later = Callable[[float], datetime]
Alarms = Callable[[], list[str]]


def test_a_sender_is_owed_the_word_and_the_alarm_ends_with_it_alone(
    floor: Centre, people: dict[str, User], at: datetime, later: Later, alarms: Alarms
) -> None:
    taker = people["call_taker"]
    receive = partial(transfer_receive, centre=floor, kind="988", sender_number="+13085550188", by=taker)
    id = uuid4()
    transfer = receive(id=id, at=at, sender_reference="R-88")
    assert receive(id=id, at=later(1)).pk == transfer.pk
    call = Call.objects.get(pk=transfer.call_id)
    assert (call.channel, Incident.objects.count()) == ("988_handoff", 1)
    assert transfer.sender_phone is not None
    assert transfer.sender_phone.number == "+13085550188"
    assert due.words_owed(floor, later(1799)) == 0
    assert due.words_owed(floor, later(1800)) == 1
    assert due.words_owed(floor, later(1801)) == 0
    alarm = Alarm.objects.get(kind=Alarm.Kind.WORD_OWED)
    with pytest.raises(Refused):
        alarm_end(alarm=alarm, by=taker, at=later(1802), note="later")
    ways: tuple[Callable[[], object], ...] = (
        partial(transfer_ring, transfer=transfer, by=taker, at=later(1802)),
        partial(transfer_connect, transfer=transfer, by=taker, at=later(1802), receiver_name="Kim"),
        partial(transfer_resolve, transfer=transfer, disposition="taken_over", by=taker, at=later(1802)),
        partial(transfer_decline, transfer=transfer, reason="language", by=taker, at=later(1802)),
        partial(transfer_withdraw, transfer=transfer, by=taker, at=later(1802)),
        partial(transfer_drop, transfer=transfer, reason="line_lost", by=taker, at=later(1802)),
        partial(transfer_return, transfer=transfer, reason="out_of_scope", by=taker, at=later(1802)),
        partial(transfer_team_ask, transfer=transfer, by=taker, at=later(1802)),
    )
    for way in ways:
        with pytest.raises(Refused) as refused:
            way()
        assert (refused.value.code, refused.value.status) == ("inward", 409), way
    call_end(call=call, ended_as="test", by=taker, at=later(1803))
    assert (Incident.objects.get().state, alarms()) == ("closed", ["word_owed"])
    transfer_tell(transfer=transfer, reached=False, by=taker, at=later(1804))
    again = Transfer.objects.get(pk=transfer.pk)
    assert (again.state, again.disposition, alarms()) == ("resolved", "not_reached", [])
