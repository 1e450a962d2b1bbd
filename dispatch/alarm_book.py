"""What each kind of alarm is for: whom it calls, what they do, how it ends, and when the supervisor hears of it.

The tray shows the action; the operations guide describes the rest. A kind without a line here cannot be raised by
mistake: `tests/dispatch/test_alarm_book.py` holds the two together.
"""

from dataclasses import dataclass
from enum import StrEnum

from dispatch.models import Alarm

K = Alarm.Kind


class Owner(StrEnum):
    """Whom it calls first, where the call has no owner of its own."""

    DISPATCHER = "dispatcher"
    SUPERVISOR = "supervisor"
    CALL_TAKER = "call_taker"
    OF_CALL = "of_call"  # the role that has the call: a call taker until it is sent, then dispatch


class Ends(StrEnum):
    """What ends it beside the end of its call."""

    NOTE = "note"  # a named person, with a note of what was done
    HEARD = "heard"  # somebody has heard the crew, and says whom
    ACKNOWLEDGED = "acknowledged"  # the other side has said that it knows


@dataclass(frozen=True)
class Line:
    """One kind: `action` is said to the person, in the tray. `supervisor_s`: seconds until the supervisor has it, too,
    where nobody took it; None where it is the supervisor's from the beginning."""

    owner: Owner
    action: str
    ends: Ends = Ends.NOTE
    supervisor_s: int | None = 60


_D, _S, _C, _O = Owner.DISPATCHER, Owner.SUPERVISOR, Owner.CALL_TAKER, Owner.OF_CALL
BOOK: dict[str, Line] = {
    K.PANIC: Line(_D, "Raise them by radio; police are asked", Ends.HEARD),
    K.BACKUP_URGENT: Line(_D, "Raise them by radio; send who is nearest", Ends.HEARD),
    K.NOT_ANSWERING: Line(_D, "Call them by radio, then by phone", Ends.HEARD, 30),
    K.SAFETY_CHECK: Line(_D, "Call them by radio, then by phone", Ends.HEARD, 30),
    K.STAGE_UNACKNOWLEDGED: Line(_D, "Tell them by radio to stage", Ends.ACKNOWLEDGED, 30),
    K.HANDOFF_UNACKNOWLEDGED: Line(_D, "Phone them; write down who has it", Ends.ACKNOWLEDGED, 30),
    K.WORD_OWED: Line(_D, "Tell the sender what became of it", Ends.ACKNOWLEDGED),
    K.PROMISE_WARNING: Line(_D, "Send, extend, or choose more care"),
    K.PROMISE_BROKEN: Line(_D, "Decide now, and tell the caller"),
    K.NO_UNIT: Line(_D, "Choose a unit or a more cautious response"),
    K.CHOOSE_UNIT: Line(_D, "Offer it to a unit yourself"),
    K.PREEMPTED: Line(_D, "Find it another unit; tell the caller"),
    K.CALL_LOCKED: Line(_D, "Send by hand and tell whoever runs the servers"),
    K.RETURNED: Line(_D, "Decide the response again"),
    K.RISING_RISK: Line(_D, "Look at what is new; decide again"),
    K.CAUTION_UNREAD: Line(_D, "Read the hazard to the crew", supervisor_s=30),
    K.PLACE_CHANGED: Line(_D, "Tell the crew the new place"),
    K.PAIR_BROKEN: Line(_D, "Find the missing half, or withdraw the other", supervisor_s=30),
    K.PRIMARY_GONE: Line(_D, "Choose who leads"),
    K.BACKUP: Line(_D, "Send another unit when one is free"),
    K.POLICE_NO_RELEASE: Line(_D, "Ask police what they still need"),
    K.CLINICIAN_UNAVAILABLE: Line(_D, "Find another clinician, or send"),
    K.RETURNED_BY_988: Line(_D, "Take the caller; decide again"),
    K.STUCK_STATUS: Line(_D, "Ask the crew whether all is well"),
    K.POSITION_STALE: Line(_D, "Ask the crew where they are"),
    K.HANDOFF_DECLINED: Line(_D, "Choose who goes instead"),
    K.TEAM_ASKED: Line(_D, "Send a team; the clinician stays on the line"),
    K.CANCEL_ASKED: Line(_D, "Decide whether somebody goes all the same"),
    K.VISIT_DUE: Line(_D, "Choose a unit, move it, or tell the person"),
    K.UNATTENDED: Line(_O, "Decide it, send somebody, or close it"),
    K.DROPPED_CALL: Line(_C, "Call back; say what you reached"),
    K.LATE_ENTRY: Line(_C, "Ask whether it is still live"),
    K.TRANSFER_DROPPED: Line(_O, "Take the caller back, or call them"),
    K.TRANSFER_BACK: Line(_O, "Take the caller; decide again"),
    K.TRANSFER_UNANSWERED: Line(_O, "Stay with the caller; choose somebody else", supervisor_s=30),
    K.CALLBACK_DUE: Line(_O, "Call them now, as promised"),
    K.CALL_BACK: Line(_O, "Call and say the new time"),
    K.HOLD_OVER: Line(_O, "Call back and decide"),
    K.ASK_AGAIN: Line(_O, "Ask the safety questions again"),
    K.SECOND_PERSON: Line(_S, "Agree or refuse; without an answer nothing changes", supervisor_s=None),
    K.ENGINE_ERROR: Line(_S, "Use standard dispatch; tell whoever runs the servers", supervisor_s=None),
    K.SILENT_CONSOLE: Line(_S, "Go there, or give its calls to another", supervisor_s=None),
    K.PROGRAM_UNCOVERED: Line(_S, "Bring a unit on duty, or suspend the program", supervisor_s=None),
    K.SERVICE_SILENT: Line(_S, "Tell whoever runs the servers", supervisor_s=None),
    K.VERSION_NOT_LIVE: Line(_S, "Tell the program's editors; the former version goes on", supervisor_s=None),
}
"""Every kind of alarm."""


def action_of(kind: str) -> str:
    """What to do about an alarm of this kind."""
    return BOOK[kind].action
