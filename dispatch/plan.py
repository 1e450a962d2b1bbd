"""From a suggestion to what would be sent: the class, the program, the services. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from triage.response import ResponseClass, ordered_services
from triage.results import FitResult, Suggestion

DEFAULT_PROMISE_S = 45 * 60
"""The wait that is promised where a program states none."""
_SERVICE_OF_CUE = {"breathing": "ems", "conscious": "ems", "medical_signs": "ems", "ingestion": "ems", "hazard": "fire"}
"""Who comes beside police for words that nobody has confirmed yet, by the question that they are about."""


def direction(chosen: str, suggested: str) -> str:
    """ "same", "more" or "less" cautious than suggested."""
    one, other = ResponseClass(chosen), ResponseClass(suggested)
    if one is other:
        return "same"
    return "less" if one.is_less_cautious_than(other) else "more"


@dataclass(frozen=True)
class Plan:
    """What accepting would send: `program` (slug) for a unit, or hand-offs to `services`, and why not less."""

    response_class: str
    program: str
    services: tuple[str, ...]
    triaged: bool
    code: str = ""
    words: str = ""

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def plan_of(suggestion: Suggestion) -> Plan:
    """The plan of a suggestion: its recommendation after fit and upward fallback.

    A call that nobody has triaged goes as its nature's standard response, which counts as `emergency`.
    """
    said = suggestion.recommendation
    if not suggestion.triaged or said.response_class is None:
        return Plan("emergency", "", tuple(said.services) or ("police",), False, "not_triaged", said.text)
    program = said.programs[0] if said.programs else ""
    services = tuple(said.services)
    if not program and not services:
        services = ("police",)
    return Plan(str(said.response_class), program, services, True, said.code, said.text)


def plan_held(plan: Plan, suggestion: Suggestion, keys: Sequence[str], words: str) -> Plan:
    """The plan while danger in the notes is unconfirmed: no less cautious than co-response.

    `keys` are the questions that the words are about; an officer goes with a program of co-response where one takes the
    call, and EMS or fire come along for what concerns them. A plan that is as cautious already is left as it is.
    """
    held = ResponseClass.CO_RESPONSE
    if not keys or not ResponseClass(plan.response_class).is_less_cautious_than(held):
        return plan
    program = next(
        (fit.slug for fit in suggestion.fits if fit.result is FitResult.ELIGIBLE and fit.effective_class is held), ""
    )
    services = ordered_services({"police", *(_SERVICE_OF_CUE[key] for key in keys if key in _SERVICE_OF_CUE)})
    return Plan(held.value, program, services, plan.triaged, "cue_unconfirmed", words)


def standard_plan(services: tuple[str, ...]) -> Plan:
    """What is sent when there is no suggestion: the nature's standard response."""
    return Plan(
        "emergency", "", services or ("police",), False, "no_suggestion", "No suggestion, use standard dispatch."
    )


def below_its_class(suggestion: Suggestion, served: Mapping[str, str], response_class: str) -> str:
    """The program that two people may choose below the suggested class: excluded by the class alone, by nothing else.

    `served` is the class that each published program serves, by slug. Empty when every one has a reason of its own.
    """
    return next(
        (
            fit.slug
            for fit in suggestion.fits
            if served.get(fit.slug) == response_class and {reason.code for reason in fit.reasons} == {"class_above"}
        ),
        "",
    )
