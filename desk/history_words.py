"""What the history of an incident says: each kind of change in words, by what changed and what was done to it.

The one table of them. Rows keep codes, so that words can change without touching what was recorded.
"""

_WORDS: dict[str, dict[str, str]] = {
    "call": {
        "open": "Call opened",
        "end": "Call ended",
        "own": "Call taken over",
        "join": "Caller added from another call",
        "part": "Caller taken out: another matter",
        "park": "Call parked",
        "unpark": "Call taken up again",
        "whisper": "Whisper begun: yes or no only",
        "whisper_end": "Whisper ended",
        "phone": "Number to call back",
        "channel": "How the caller reached us",
        "hand_over": "Call offered to a colleague",
        "hand_over_accepted": "Colleague took the call",
        "hand_over_declined": "Colleague declined the call",
        "hand_over_withdrawn": "Offer to a colleague withdrawn",
        "callback_due": "Call back owed",
        "promise_callback": "Call back promised",
        "cancel_asked": "Caller cancels",
        "person_link": "Person named",
        "person_unlink": "Person no longer named",
    },
    "incident": {
        "on_view": "Opened by a crew on view",
        "given": "Handed over with its owner's work",
        "own": "Ownership taken",
        "nature": "Nature changed",
        "priority": "Priority changed",
        "recommend": "Unit recommended",
        "no_unit": "No unit can go",
        "risk_rise": "Danger rose",
        "ask_again": "Safety questions due again",
        "asked_again": "Safety questions asked again",
        "promise_extend": "Promise extended",
        "promise_broken": "Promise broken",
        "served_late": "A team came after the promise had run out",
        "served_not": "The late team had not come after all",
        "undecided": "Not decided in time",
        "pair_broken": "Co-response pair broken",
        "scene_safe": "Scene said to be safe",
        "still_live": "Late entry confirmed as live",
        "hold": "Put on hold",
        "hold_end": "Hold ended",
        "rescue": "Rescue asked for",
        "transfer": "Given to another line or service",
        "return_to_911": "Returned to 911",
        "police_no_release": "Police do not release the scene",
        "clinician_unavailable": "No clinician is available",
        "returned_by_988": "988 hands the call back",
        "join": "Joined to another incident",
        "apart": "Said not to be the same as another",
        "close": "Closed",
        "reopen": "Reopened",
    },
    "assignment": {
        "offer": "Unit offered the call",
        "accept": "Unit accepted",
        "decline": "Unit declined",
        "expire": "Unit did not answer in time",
        "en_route": "Unit under way",
        "near": "Unit is near",
        "stage": "Unit staged",
        "on_scene": "Unit on scene",
        "with_person": "Unit with the person",
        "transport": "Unit transports",
        "clear": "Unit cleared",
        "return": "Unit gives the call back",
        "cancel": "Unit cancelled",
        "preempt": "Unit taken for a more urgent call",
        "ok": "Crew said it is OK",
        "promote": "Unit leads now",
        "relay": "Hazards relayed to the crew",
        "cautions_read": "Crew read the hazards",
        "caution_new": "New hazard told to the crew",
        "place_changed": "New place told to the crew",
        "crew_on": "Person joined the crew",
        "crew_off": "Person left the crew",
        "undo": "Status taken back",
        "class_said": "Crew said how the class was",
    },
    "handoff": {
        "open": "Hand-off made ready",
        "request": "Hand-off requested",
        "acknowledge": "Hand-off acknowledged",
        "decline": "Hand-off declined",
        "cancel": "Hand-off withdrawn",
        "crew_needs_help": "Hand-off is now for a crew that needs help",
    },
    "transfer": {
        "offer": "Transfer offered",
        "ring": "Transfer rings",
        "connect": "Transfer connected",
        "resolve": "Transfer resolved",
        "receive": "Transfer received",
        "withdraw": "Transfer withdrawn",
        "drop": "Transfer dropped",
        "decline": "Transfer declined",
        "return": "Caller handed back",
        "ask_team": "Clinician asks for a team",
    },
    "decision": {
        "accept": "Suggestion accepted",
        "override": "Another response chosen",
        "send": "Sent to dispatch",
        "wait_second": "Waits for a second person",
        "refuse_second": "Second person refused",
        "expire_second": "No second person in time",
        "transfer": "Decided: transfer",
    },
    "stage_order": {
        "order": "Stage order given",
        "acknowledge": "Stage order read by the crew",
        "lift": "Stage order lifted",
        "read_part": "Stage order read before another danger came",
    },
    "alarm": {"panic": "Crew called for help", "urgent": "Crew wants backup now", "routine": "Crew wants backup"},
    "answer": {"record": "Question answered"},
    "location": {"record": "Place said"},
    "note": {"add": "Note written", "strike": "Note struck"},
    "cue": {"dismiss": "Marked words dismissed"},
    "caution": {"tell": "Hazard told", "count": "Hazard on file counted"},
    "visit": {
        "book": "Visit booked",
        "move": "Visit moved",
        "cancel": "Visit cancelled",
        "fall_due": "Visit fell due",
    },
}
_LATE = "late_"


def history_words(entity: str, action: str) -> str:
    """One change in words; what the table does not know, as it is recorded.

    A status that came too late says so. An incident that moves on with its unit says so in the words of the unit.
    """
    known, of_unit = _WORDS.get(entity, {}), _WORDS["assignment"]
    if action in known:
        return known[action]
    if entity == "assignment" and action.removeprefix(_LATE) in known:
        return f"{known[action.removeprefix(_LATE)]}: said late, not applied"
    if entity == "incident" and action in of_unit:
        return f"Call: {of_unit[action][:1].lower()}{of_unit[action][1:]}"
    return f"{entity} {action}".replace("_", " ")


def known_words(entity: str) -> frozenset[str]:
    """The actions that have words of their own."""
    return frozenset(_WORDS.get(entity, {}))
