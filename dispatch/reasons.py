"""Coded reasons and outcomes: code to the words that people read. Every refusal, override and end has one."""

OVERRIDE_MORE = {
    "caller_refused": "Caller does not want this team",
    "caller_asked_police": "Caller asked for police",
    "officer_asked": "Officer asked for it",
    "known_risk": "Risk known to us at this place or person",
    "sounds_worse": "Sounds worse than the answers say",
    "scene_unclear": "Scene unclear",
    "policy": "Local policy",
    "promise_ends": "The promised wait runs out",
}
OVERRIDE_LESS = {
    "danger_over": "Danger is over, confirmed by a second source",
    "answer_corrected": "An answer was wrong",
    "clinician_advice": "Clinician advises",
    "officer_released": "Officer released it on scene",
}
DANGER_GONE = frozenset({"danger_over", "answer_corrected", "officer_released"})
"""Reasons by which two people say that the danger is not there: what also lifts a stage order. Any other leaves it."""
NOT_DIVERTED = {
    "no_unit": "No unit",
    "out_of_hours": "Out of hours",
    "out_of_area": "Out of area",
    "excluded": "Excluded by a rule",
    "insufficient_information": "Not enough information",
    "caller_refused": "Caller refused",
    "caller_asked_police": "Caller asked for police",
    "officer_asked": "Officer asked for it",
    "override": "Call taker chose a more cautious response",
    "suspended": "Diversion suspended",
    "not_triaged": "Sent before triage",
    "timed_out": "Promise ran out",
    "returned": "Returned by the team",
    "nobody_sent": "Ended without sending anybody",
}
NOT_DIVERTED_ENDS = {
    "refused": "caller_refused",
    "handed_to_police": "override",
    "handed_off": "override",
    "transported_hospital": "override",
    "returned_to_911": "override",
}
"""How a call ended that nobody sent and that a program could have taken, as a code of NOT_DIVERTED."""
DECLINE = {
    "out_of_position": "Too far away",
    "finishing_call": "Still finishing a call",
    "safety": "Not safe for this crew",
    "known_to_crew": "Known to the crew: conflict",
    "equipment": "Equipment or vehicle",
    "end_of_shift": "End of shift",
}
DECLINE_LASTS_S = {
    "finishing_call": 10 * 60,
    "out_of_position": 15 * 60,
    "equipment": 30 * 60,
    "end_of_shift": 30 * 60,
}
"""How long a reason that passes counts: then the engine asks the unit again for the same call, if nobody else has it.
The other reasons lie between this crew and this call: only a dispatcher asks again. Our own figures: no source names
any."""
RETURN = {
    "unsafe": "Unsafe",
    "out_of_scope": "Out of scope",
    "medical": "Needs medical care",
    "out_of_area": "Out of area",
    "unresolved": "Could not be resolved",
}
RETURNS_TOLD = {f"return:{code}": f"The crew gives it back: {said.lower()}" for code, said in RETURN.items()}
"""What a crew says by radio, as the dispatcher notes it."""
DISPOSITIONS = {
    "resolved_on_scene": "Resolved on scene",
    "services_accepted": "Services accepted",
    "refused": "Refused services",
    "transported_services": "Transported to services",
    "transported_hospital": "Handed to EMS for hospital",
    "not_found": "Nobody found",
    "resolved_by_phone": "Resolved by telephone",
    "handed_to_police": "Handed to police",
    "follow_up_booked": "Follow-up booked",
    "returned_to_911": "Returned to 911",
}
RETURNED = "returned_to_911"
"""The end of a return alone (dispatch.services.crew_safety.return_to_911): nobody clears with it."""
CLEARED = {code: said for code, said in DISPOSITIONS.items() if code != RETURNED}
"""What a crew, or a dispatcher for it, chooses from."""
OUTCOMES = {
    **DISPOSITIONS,
    "handed_off": "Handed off and acknowledged",
    "resolved_without_dispatch": "Resolved by telephone, nobody was sent",
    "no_response_needed": "No response needed",
    "joined": "Joined to another incident",
    "misdial": "Misdial",
    "test": "Test",
    "abandoned": "Abandoned, called back",
}
PERSON_UNLINK = {
    "wrong_person": "Wrong person",
    "not_about_them": "The call is about somebody else",
    "chosen_by_mistake": "Chosen by mistake",
    "known_twice": "The same person is on file twice",
}
CAUTION_KINDS = {
    "weapon": "Weapon",
    "violence": "Violence",
    "animal": "Animal",
    "medical": "Medical or infection",
    "access": "Access or building",
    "other": "Something else",
}
"""The first two count as answers by themselves (`dispatch.selectors.triage.CAUTION_ANSWERS`)."""
CAUTION_SOURCES = {"caller": "Caller", "family": "Family", "crew": "Crew", "police": "Police", "record": "Own record"}
REOPEN = {
    "called_again": "They called again about the same",
    "not_over": "It is not over",
    "closed_wrongly": "Closed by mistake",
    "new_danger": "New facts: danger",
}
OFFER_WITHDRAWN = {
    "taken": "Another unit accepted first",
    "another_chosen": "The dispatcher chose another unit",
    "plan_changed": "The response was decided anew",
    "held": "The call was put on hold",
    "unit_left": "The unit went off duty before it had answered",
    "suspended": "Diversion was stopped before it had answered",
    "other_half_gone": "The other half of the co-response fell out",
}
"""Ends of an offer that say nothing about its unit: it may be asked again for the same call."""
BACKUP = {
    "routine": "Backup, no hurry",
    "urgent": "Backup now",
    "panic": "Crew needs help",
}
ESCALATION = {
    "police_no_release": "Police do not release the scene",
    "clinician_unavailable": "No clinician is available",
    "returned_by_988": "988 hands the call back",
}
"""What others tell the dispatcher about a call, so that it cannot go on as decided. Each has a reason in words."""
SENT_CLASS = {
    "too_low": "Too low",
    "right": "Right",
    "too_high": "Too high",
}
TAKEN_TO = {
    "nobody": "Nobody taken",
    "home": "Home or family",
    "shelter": "Shelter",
    "services": "Clinic or services",
    "hospital": "Hospital",
    "elsewhere": "Another safe place",
}
"""Where a crew took the person."""
SERVICES_ACCEPTED = {
    "talk": "Talk, calming",
    "food_clothes": "Food, water, clothes",
    "ride": "A ride",
    "first_aid": "First aid",
    "naloxone": "Naloxone",
    "bed": "A bed",
}
REFERRALS = {
    "none": "No referral",
    "mental_health": "Mental health",
    "substance": "Substance use",
    "housing": "Housing",
    "medical": "Medical",
    "family": "Family services",
}
POLICE_ASKED = {
    "no": "Not asked",
    "came": "Asked, came",
    "not_came": "Asked, did not come",
}
FOLLOW_UP_OWED = {
    "none": "None",
    "day": "Within a day",
    "week": "Within a week",
    "month": "Within a month",
}
"""Chicago's CARE teams look in again after 1, 7 and 30 days."""
NO_UNIT = {
    "no_unit_in_program": "No unit serves this program",
    "all_declined": "Every unit that could go said no, does not answer or was taken off",
    "all_busy": "Every unit that could go is busy",
    "all_off_shift": "No unit is on duty and in service",
    "capability_missing": "No unit on duty has what this call needs",
    "program_closed": "The program is closed now",
    "program_full": "The program has as many calls under way as it takes",
    "outside_area": "The place is outside the program's area",
    "none_covers_place": "No unit on duty serves this beat",
    "unit_contended": "The unit that could go is being changed: asked again at once",
    "dispatcher_picks": "A third of the promise went on asking units: choose one",
    "suspended": "Diversion is stopped here",
    "suspended_unknown": "Diversion is stopped for a beat or nature: this call's is not known",
    "engine_failed": "The engine could not work this call out",
}
_OTHER_RESPONSE = "Choose another program or response"
_BY_HAND = "Offer it to a unit yourself"
NO_UNIT_NEXT = {
    "no_unit_in_program": _OTHER_RESPONSE,
    "all_declined": "Ask a unit yourself, or choose another response",
    "all_busy": "Free a unit, or choose another response",
    "all_off_shift": _OTHER_RESPONSE,
    "capability_missing": "Choose a unit all the same, or another response",
    "program_closed": _OTHER_RESPONSE,
    "program_full": _OTHER_RESPONSE,
    "outside_area": _OTHER_RESPONSE,
    "none_covers_place": "Choose a unit all the same, or another response",
    "unit_contended": "Wait a moment: it is asked again at once",
    "dispatcher_picks": _BY_HAND,
    "suspended": "Choose a more cautious response",
    "suspended_unknown": "Say where and what it is, or choose a more cautious response",
    "engine_failed": _BY_HAND,
}
"""What a dispatcher can do about each: nothing that would be refused."""
OPERATIONAL = frozenset({"suspended", "closed", "out_of_area"})
"""Why a program does not take a call, where that has nothing to do with the call itself."""
STAGE_LIFT = {
    "scene_safe_police": "Police say scene safe",
    "danger_answer_wrong": "The danger answer was wrong",
    "person_left": "The person with the danger has left",
}

TRANSFER_DECLINE = {
    "on_another_call": "On another call",
    "not_clinical": "Not a matter for a clinician",
    "danger": "Danger: this needs 911",
    "language": "Language",
    "known_to_clinician": "Known to the clinician: conflict",
    "nobody_free": "Nobody is free there",
}
TRANSFER_DROP = {
    "line_lost": "The line was lost",
    "caller_hung_up": "The caller hung up",
    "nobody_answered": "Nobody answered",
}
TRANSFER_RETURN = {
    "rescue_needed": "Rescue needed now",
    "risk_rising": "Risk is rising",
    "needs_a_team": "Somebody must go there",
    "wants_police": "Caller asks for police",
    "caller_refused": "Caller will not talk with them",
    "out_of_scope": "Not for them",
    "withdrawn": "Taken back before they answered",
}
TRANSFER_RESCUE = {"rescue_needed": ("ems", "police"), "risk_rising": ("police",)}
"""Returns that raise the class to emergency at once, and who is asked to go."""
TRANSFER_DISPOSITIONS = {
    "resolved_by_phone": "Resolved by telephone",
    "services_accepted": "Services accepted",
    "follow_up_booked": "Follow-up booked",
    "refused": "Refused services",
    "taken_over": "Taken over by the other service",
    "information_given": "Information given",
}
WORD_TO_SENDER = {"reached": "Told: reached", "not_reached": "Told: not reached"}
HANDOFF_DECLINE = {
    "no_unit": "They have no unit",
    "not_theirs": "Not a matter for them",
    "program_should_go": "They say the program should go",
    "out_of_area": "Outside their area",
}
EXTEND = {
    "unit_free_soon": "A unit is free soon",
    "unit_delayed": "The unit is delayed",
    "caller_agrees": "The caller agrees to wait",
    "clinician_on_line": "A clinician stays on the line",
}
VISIT_PURPOSES = {
    "follow_up": "Follow-up after a call",
    "welfare": "See whether all is well",
    "outreach": "Outreach",
    "family": "Family or next of kin",
    "services": "Take to an appointment or service",
}
VISIT_MOVED = {
    "person_asked": "The person asked for another time",
    "nobody_home": "Nobody was at home",
    "no_team": "No team at that time",
    "clinician_advice": "Clinician advises another time",
}
VISIT_CANCELLED = {
    "person_declined": "The person does not want it",
    "done_otherwise": "Done already, or by telephone",
    "booked_wrongly": "Booked by mistake",
    "danger": "Danger: this needs another response",
    "person_gone": "The person has moved or cannot be found",
}
BOOKED_VISIT = "booked_visit"
"""Why a visit that has fallen due is sent: a person agreed to it when it was booked."""
HANDOVER_TAKEN = {
    "ill": "They are ill or hurt",
    "no_relief": "Nobody has come to relieve them",
    "called_away": "Called away: evacuation or emergency",
    "left": "They have left without handing over",
}
"""Why a supervisor takes a person's open work over without their offer."""


def words(table: dict[str, str], code: str) -> str:
    """The words of a code; the code itself if an older version wrote one that is no longer offered."""
    return table.get(code, code.replace("_", " "))
