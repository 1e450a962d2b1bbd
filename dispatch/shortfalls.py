"""Hard constraints: why a unit cannot go, as codes with words, and why nobody can. Pure."""

from collections.abc import Collection, Iterable
from datetime import datetime

from dispatch.facts import IncidentFacts, UnitFacts, language_words
from dispatch.soft import is_fresh

SHORTFALLS = {
    "wrong_program": "does not serve this program",
    "closed": "the program is closed now",
    "program_full": "the program has as many responses under way as it is set up for",
    "out_of_area": "the place is outside the program's area",
    "off_shift": "off shift",
    "out_of_service": "out of service",
    "on_break": "on a break",
    "no_crew": "nobody is signed on",
    "not_answering": "is not answering",
    "other_beats": "serves other beats",
    "capability": "lacks a needed capability",
    "one_person": "too few crew members signed on",
    "no_officer": "has no officer aboard, this program needs one",
    "language": "does not speak the caller's language",
    "gender": "has nobody of the gender that was asked for",
    "no_position": "position is not known or old",
    "busy": "already on a call",
    "named_for_other": "is named for a more urgent call and waits for the dispatcher",
    "contended": "somebody changes it at this moment, it is asked again at once",
    "declined": "declined this call",
    "did_not_answer": "did not answer the offer",
    "cancelled": "was cancelled for this call",
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
    (frozenset({"busy", "named_for_other"}), "all_busy"),
    (frozenset({"contended"}), "unit_contended"),
)
_NUMBERS = {1: "one crew member", 2: "two", 3: "three", 4: "four"}


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
    if unit.busy:
        found.append("busy")
    if unit.refusal and unit.refusal not in found:
        found.append(unit.refusal)
    return tuple(found)


def shortfall_words(code: str, incident: IncidentFacts, unit: UnitFacts) -> str:
    """A shortfall as a dispatcher would say it of this unit and this call."""
    if code == "capability":
        return f"has no {_listed(incident.capabilities - unit.capabilities)}, this program needs it"
    if code == "one_person":
        return (
            f"only {_NUMBERS.get(unit.crew, str(unit.crew))} signed on,"
            f" this program needs {_NUMBERS.get(incident.crew_needed, str(incident.crew_needed))}"
        )
    if code == "language":
        return f"nobody on it speaks {language_words(incident.language)}"
    if code == "gender":
        return f"no {incident.gender_needed} on the crew, the caller needs one"
    if code == "other_beats":
        return f"serves other beats than {incident.beat}"
    if code == "no_position":
        return "its position is not known" if unit.position_at is None else "its position is too old to count on"
    return SHORTFALLS.get(code, code.replace("_", " "))


def _listed(names: Collection[str]) -> str:
    return " and no ".join(name.replace("_", " ") for name in sorted(names))


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
