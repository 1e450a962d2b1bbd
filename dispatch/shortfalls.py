"""Hard constraints: why a unit cannot go, as codes with words, and why nobody can. Pure."""

from collections.abc import Collection, Iterable
from datetime import datetime

from dispatch.facts import IncidentFacts, Refusal, UnitFacts, capability_words, language_words
from dispatch.soft import STALE_AFTER_S, is_fresh

SHORTFALLS = {
    "wrong_program": "does not serve this program",
    "closed": "the program is closed now",
    "program_full": "the program has as many calls under way as it takes",
    "out_of_area": "the place is outside the program's area",
    "off_shift": "off shift",
    "out_of_service": "out of service",
    "on_break": "on a break",
    "no_crew": "nobody is signed on",
    "not_answering": "is not answering",
    "other_beats": "serves other beats",
    "capability": "lacks a needed capability",
    "one_person": "too few crew members signed on",
    "no_officer": "no officer aboard, this program needs one",
    "language": "does not speak the caller's language",
    "gender": "has nobody of the gender that the program needs",
    "no_position": "position is not known or old",
    "busy": "already on a call",
    "on_it": "already on this call",
    "named_for_other": "named for another call, waits for the dispatcher",
    "contended": "being changed at this moment, asked again at once",
    "declined": "declined this call",
    "did_not_answer": "did not answer the offer",
    "cancelled": "taken off this call",
}

# The steps by which nobody is left, in the order in which a dispatcher can do something about them.
_PROGRAM = frozenset({"wrong_program"})
_STEPS: tuple[tuple[frozenset[str], str], ...] = (
    (_PROGRAM, "no_unit_in_program"),
    (frozenset({"closed"}), "program_closed"),
    (frozenset({"program_full"}), "program_full"),
    (frozenset({"out_of_area"}), "outside_area"),
    (frozenset({"off_shift", "out_of_service", "on_break", "no_crew"}), "all_off_shift"),
    (frozenset({"other_beats"}), "none_covers_place"),
    (frozenset({"declined", "did_not_answer", "cancelled", "not_answering"}), "all_declined"),
    (frozenset({"capability", "one_person", "no_officer", "language", "gender", "no_position"}), "capability_missing"),
    (frozenset({"busy", "on_it", "named_for_other"}), "all_busy"),
    (frozenset({"contended"}), "unit_contended"),
)
_NUMBERS = {1: "one", 2: "two", 3: "three", 4: "four"}


def shortfalls_of(incident: IncidentFacts, unit: UnitFacts, at: datetime) -> tuple[str, ...]:
    """Codes of everything that keeps this unit from this incident, in the order of SHORTFALLS; none when it can go."""
    found: list[str] = []
    if not unit.serves:
        found.append("wrong_program")
    if not incident.open_now:
        found.append("closed")
    if incident.full:
        found.append("program_full")
    if incident.covered is False:
        found.append("out_of_area")
    if unit.shift_ends is None:
        found.append("off_shift")
    if unit.service in {"out_of_service", "on_break"}:
        found.append(unit.service)
    if unit.crew < 1:
        found.append("no_crew")
    if unit.not_answering:
        found.append("not_answering")
    # A beat that is not known is no reason: unknown is never no.
    if incident.beat and unit.beats and incident.beat not in unit.beats:
        found.append("other_beats")
    if not incident.capabilities <= unit.capabilities:
        found.append("capability")
    if 0 < unit.crew < incident.crew_needed:
        found.append("one_person")
    if incident.officer_needed and not unit.officer:
        found.append("no_officer")
    if incident.language_needed and incident.language not in {"", "en"} and incident.language not in unit.languages:
        found.append("language")
    if incident.gender_needed and incident.gender_needed not in unit.genders:
        found.append("gender")
    if incident.position_needed and not incident.by_phone and not is_fresh(unit, at):
        found.append("no_position")
    refusal = unit.refusal.code if unit.refusal is not None else ""
    if unit.busy and refusal != "on_it":
        found.append("busy")
    if refusal and refusal not in found:
        found.append(refusal)
    return tuple(found)


def shortfall_words(code: str, incident: IncidentFacts, unit: UnitFacts) -> str:
    """A shortfall as a dispatcher would say it of this unit and this call.

    Stored with the call: instants in it, never ages, so that nothing changes by itself.
    """
    if code == "capability":
        missing = incident.capabilities - unit.capabilities
        return f"has no {_listed(missing)}, this program needs {'it' if len(missing) == 1 else 'them'}"
    if code == "one_person":
        return f"only {_crew(unit.crew)} signed on, this program needs {_number(incident.crew_needed)}"
    if code == "language":
        return f"nobody on it speaks {language_words(incident.language)}"
    if code == "gender":
        return f"no {incident.gender_needed} on the crew, this program needs one"
    if code == "other_beats":
        return f"serves other beats than {incident.beat}"
    if code == "no_position":
        return (
            "its position is not known"
            if unit.position_at is None
            else f"its position is more than {STALE_AFTER_S // 60} min old"
        )
    if code == "closed" and incident.opens_at is not None:
        return f"the program is closed until {incident.opens_at:%a %H:%M}"
    if code == "program_full" and incident.capacity is not None:
        return f"the program takes {_calls(incident.capacity)} at a time and has {_them(incident.capacity)}"
    if code == "busy" and unit.busy_with:
        return unit.busy_with
    if unit.refusal is not None and unit.refusal.code == code and unit.refusal.at is not None:
        return _refusal_words(unit.refusal, unit.refusal.at)
    return SHORTFALLS.get(code, code.replace("_", " "))


_PAST = {"declined": "declined", "did_not_answer": "did not answer", "cancelled": "taken off this call"}


def _refusal_words(refusal: Refusal, at: datetime) -> str:
    """“declined 03:12 (too far away), not asked again before 03:27”: by the engine; a dispatcher may at any time."""
    said = f"{_PAST.get(refusal.code, SHORTFALLS[refusal.code])} {at:%H:%M}"
    if refusal.reason:
        said += f" ({refusal.reason})"
    return f"{said}, not asked again" + (f" before {refusal.again_at:%H:%M}" if refusal.again_at is not None else "")


def _listed(names: Collection[str]) -> str:
    return " and no ".join(capability_words(name) for name in sorted(names))


def _number(count: int) -> str:
    return _NUMBERS.get(count, str(count))


def _crew(count: int) -> str:
    return "one crew member" if count == 1 else _number(count)


def _calls(count: int) -> str:
    return "one call" if count == 1 else f"{_number(count)} calls"


def _them(count: int) -> str:
    return "it" if count == 1 else "them"


OF_THE_PROGRAM = frozenset({"closed", "program_full", "out_of_area"})
"""What keeps every unit of a program back alike: said once."""


def nearness(codes: Collection[str]) -> int:
    """How near a unit is to going: the number of the step at which it falls out. One that is busy is nearer than one
    that is off shift."""
    return next((nth for nth, (step, _) in enumerate(_STEPS) if step & set(codes)), len(_STEPS))


def no_unit_reason(cases: Iterable[Collection[str]]) -> str:
    """Why nobody can go, as a code of dispatch.reasons.NO_UNIT, from every unit's shortfalls.

    Total: whatever the shortfalls are, there is a reason. Each step takes away the units that it keeps back; the step
    that leaves nobody is the reason. A unit without a shortfall is not expected here.
    """
    left = [set(one) for one in cases]
    for codes, reason in _STEPS:
        left = [one for one in left if not codes & one]
        if not left:
            return reason
    return "all_busy"
