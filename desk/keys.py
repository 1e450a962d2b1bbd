"""The keys of console and queue, and a person's own choice of them."""

import re
from collections.abc import Mapping

from accounts.problems import Refused

KEYS: dict[str, str] = {
    "F2": "New call",
    "F4": "Go to WHERE",
    "F8": "Accept the suggestion",
    "F9": "Send to dispatch",
    "Alt+Q": "Next open question",
    "Alt+W": "Previous open question",
    "Alt+C": "Confirm the number to call back",
    "Alt+U": "Use the address as typed (forced)",
    "Alt+L": "More about where: carrier, moving, earlier places",
    "Alt+M": "Whisper: yes or no only",
    "Alt+V": "How the caller reached us",
    "Alt+N": "Not diverting, or another response: one letter for why",
    "Alt+7": "Information only: give the caller to 211 or 311",
    "Alt+A": "Add this caller to the first possible duplicate",
    "Alt+Y": "Confirm the first words marked in the notes",
    "Alt+I": "Dismiss the first words marked in the notes",
    "Alt+S": "Strike your last note",
    "Alt+P": "Park the call, or take it up again",
    "Alt+O": "Hand the call over to a colleague",
    "Alt+G": "Take the first call that a colleague offers",
    "Alt+6": "Decline the first call that a colleague offers",
    "Alt+8": "Take over a colleague's unsent words",
    "Alt+0": "Withdraw what you offered to a colleague",
    "Alt+R": "Called back: reached",
    "Alt+Z": "Called back: not reached",
    "Alt+H": "Promise a call back",
    "Alt+5": "The caller cancels",
    "Alt+K": "Accept what somebody else changed; else keep this caller apart",
    "Alt+J": "Keep what you typed over somebody else's change",
    "Alt+T": "Transfer the caller",
    "Alt+2": "The transfer rings",
    "Alt+3": "They have the caller: who",
    "Alt+4": "Their line is lost",
    "Alt+B": "Take the caller back from a transfer",
    "Alt+1": "Person: search, new, and a hazard for the file",
    "Alt+9": "The call is about the first known person; or is not about who is linked",
    "F7": "Take over the notes of the caller's safety profile",
    "F10": "Write a note, also from a question",
    "Alt+X": "End the call",
}
"""Default key to what it does. Ctrl+K, Ctrl+Enter, Esc, arrows and single letters are fixed, so not among them."""
QUEUE_KEYS: dict[str, str] = {
    "/": "Find in the list",
    "R": "Bring new rows in",
    ".": "Map of the call",
    "Alt+M": "Map beside the queue, or away",
    "O": "Take ownership",
    "I": "Late entry: still live",
    "A": "Extend the promise",
    "M": "More cautious, as the promise ends",
    "U": "Another program",
    "V": "Choose another response",
    "Y": "Agree as second person",
    "Alt+Y": "Refuse as second person",
    "T": "Crew was told by radio",
    "L": "Lift the stage order",
    "Z": "Hazards were relayed",
    "D": "Offer to the first unit in the list",
    "C": "Decline the offer on the crew's behalf",
    "1": "First crew: accepts",
    "2": "First crew: en route",
    "3": "First crew: staged",
    "4": "First crew: on scene",
    "5": "First crew: with the person",
    "6": "First crew: is OK",
    "7": "First crew: leads now",
    "0": "First crew: cancel",
    "E": "Ask police, EMS or fire",
    "H": "Acknowledge a hand-off",
    "F": "A service declined the hand-off",
    "G": "Send the hand-off that is ready",
    "N": "Write a note",
    "Q": "Ask again",
    "B": "The caller was called back",
    "P": "How the transfer ended",
    "Alt+P": "The sender was told: reached, or not",
    "8": "What others told you",
    "9": "Scene safe, said by whom",
    "W": "Hold until a callback time",
    "X": "Close with an outcome",
    "Alt+A": "Take the first alarm",
    "Alt+X": "End the first alarm",
    "S": "Stop diversion (supervisor)",
}
"""The same for the queue. J, K, arrows and Enter move and are fixed. A chord works for those who switch letters off."""
QUEUE = "queue."
"""Before a key of the queue in a person's keymap: the same key may mean another thing on the console."""
ACTION_KEYS: dict[str, str] = {
    "call_open": "F2",
    "queue_map": "Alt+M",
    "call_location": "F4",
    "call_phone": "Alt+C",
    "call_nature": "F4",
    "call_answers": "Alt+Q",
    "call_notes": "F10",
    "call_decision": "F8",
    "call_end": "Alt+X",
    "call_dismiss": "Alt+I",
    "call_join": "Alt+A",
    "call_apart": "Alt+K",
    "call_transfer": "Alt+T",
    "call_transfer_step": "Alt+B",
    "call_park": "Alt+P",
    "call_whisper": "Alt+M",
    "call_channel": "Alt+V",
    "call_callback": "Alt+R",
    "call_promise": "Alt+H",
    "call_cancel": "Alt+5",
    "call_hand_over": "Alt+O",
    "call_person_link": "Alt+9",
    "call_person_new": "Alt+1",
    "call_person_unlink": "Alt+9",
    "call_caution": "Alt+1",
    "call_profile_take": "F7",
    "handover_answer": "Alt+G",
    "note_strike": "Alt+S",
    "call_unsent_read": "Alt+8",
    "call_unsent_settled": "Alt+8",
    "alarm_take": "Alt+A",
    "alarm_end": "Alt+X",
    "incident_take": "O",
    "incident_note": "N",
    "incident_override": "V",
    "incident_hold": "W",
    "incident_close": "X",
    "incident_reopen": "Ctrl+K",
    "late_confirm": "I",
    "handoff_request": "E",
    "handoff_ack": "H",
    "handoff_decline": "F",
    "handoff_send": "G",
    "scene_safe": "9",
    "incident_escalate": "8",
    "stage_lift": "L",
    "stage_told": "T",
    "unit_offer": "D",
    "offer_declined": "C",
    "cautions_relay": "Z",
    "assignment_promote": "7",
    "assignment_ok": "6",
    "assignment_radio": "1",
    "decision_second": "Y",
    "promise_extend": "A",
    "more_cautious": "M",
    "called_back": "B",
    "asked_again": "Q",
    "transfer_ended": "P",
    "sender_told": "Alt+P",
    "stop_set": "S",
    "stop_ask": "S",
    "stop_resume": "S",
}
"""Name of a posted address of console or queue to the key that leads to it. The nature follows WHERE by Enter; a closed
call is in no list of the queue, so only its number on the command line leads back to it."""
RADIO_KEYS: dict[str, str] = {
    "accept": "1",
    "en_route": "2",
    "stage": "3",
    "on_scene": "4",
    "with_person": "5",
    "ok": "6",
    "promote": "7",
    "cancel": "0",
}
"""What a crew says by radio to the key of the queue that records it for the first crew of the call."""
REASON_KEYS: dict[str, str] = {
    "caller_refused": "R",
    "caller_asked_police": "P",
    "officer_asked": "O",
    "known_risk": "K",
    "sounds_worse": "W",
    "scene_unclear": "U",
    "policy": "L",
    "promise_ends": "E",
    "danger_over": "1",
    "answer_corrected": "2",
    "clinician_advice": "3",
    "officer_released": "4",
}
"""Reason code of another response to the key that names it once the reasons are open; digits for less cautious ones."""
_CHORD = re.compile(r"(F(?:[24789]|10)|Alt\+[A-Z0-9])\Z")
_QUEUE_KEY = re.compile(r"([A-Z0-9./]|Alt\+[A-Z0-9])\Z")
_TAKEN = {"Alt+D": "address bar", "Alt+E": "browser menu", "Alt+F": "browser menu"}
"""What browsers keep for themselves."""
_MOVING = {"J": "moves in the list", "K": "moves in the list"}


def keymap_of(chosen: Mapping[str, str]) -> dict[str, str]:
    """A person's keymap from what they chose: default key to other key, only what differs; those of the queue begin
    with ``queue.``.

    Raises Refused at the key that is no key, that a browser keeps, or that would then mean two things on its page.
    """
    own = _page_of(KEYS, "", chosen, _CHORD, "Use F2, F4, F7 to F10, or Alt with a letter or digit.")
    words = "Use one letter or digit, or Alt with a letter or digit."
    return own | _page_of(QUEUE_KEYS, QUEUE, chosen, _QUEUE_KEY, words)


def _page_of(
    keys: Mapping[str, str], page: str, chosen: Mapping[str, str], allowed: re.Pattern[str], words: str
) -> dict[str, str]:
    seen: dict[str, str] = {}
    differs: dict[str, str] = {}
    for default in keys:
        name = page + default
        key = (chosen.get(name) or default).strip().upper().replace("ALT+", "Alt+")
        if not allowed.match(key):
            raise Refused("key_unknown", words, field=name)
        if key in _TAKEN or (page and key in _MOVING):
            owner = f"belongs to the browser ({_TAKEN[key]})" if key in _TAKEN else _MOVING[key]
            raise Refused("key_taken", f"{key} {owner}.", field=name)
        if key in seen:
            raise Refused("key_twice", f"{key} already means: {keys[seen[key]]}.", field=name)
        seen[key] = default
        if key != default:
            differs[name] = key
    return differs
