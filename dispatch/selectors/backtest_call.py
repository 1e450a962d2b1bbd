"""One stored decision as a reader of a backtest may see it: coded answers and what the versions make of them."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from accounts.models import Centre
from dispatch.selectors.cases import cases_of
from people.geometry import covers
from programs.backtest.plan import Plan
from triage import engine, vocabulary
from triage.results import FitResult

_FREE_WORDS = ("text", "text_list", "language")
"""Kinds of questions whose answers are free words or tell who somebody is: not shown here."""


@dataclass(frozen=True)
class SideShown:
    """What one version makes of the call."""

    name: str
    result: FitResult
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class CallShown:
    """The call without names, numbers, places and notes."""

    ref: UUID
    at: datetime
    nature: str
    did: str
    outcome: str
    response_class: str
    answers: tuple[tuple[str, str], ...]
    sides: tuple[SideShown, ...]


def call_shown(centre: Centre, ref: UUID, *, from_at: datetime, until_at: datetime, plan: Plan) -> CallShown | None:
    """The call of an incident within a run's period; None when there is no such call in this centre."""
    found = cases_of(centre, ref, from_at=from_at, until_at=until_at)
    if not found:
        return None
    case = found[-1]
    words = vocabulary.load()
    sides = []
    response_class = ""
    for name, side in plan.sides.items():
        slug = side.rules.slug
        placed = case.lat is not None and case.lon is not None and bool(side.area)
        inside = (
            covers(side.area, case.lat, case.lon) if placed and case.lat is not None and case.lon is not None else None
        )
        suggestion = engine.suggest(
            plan.protocol,
            [side.rules],
            case.answers,
            case.nature,
            open_now={slug: side.is_open(case.at)},
            covers={slug: inside},
        )
        response_class = suggestion.response_class.value
        (fit,) = suggestion.fits
        sides.append(SideShown(name, fit.result, tuple(reason.text for reason in fit.reasons)))
    answers = tuple(
        (question.label, question.label_of(case.answers[question.key]))
        for question in words.questions
        if question.key in case.answers and question.kind not in _FREE_WORDS
    )
    return CallShown(
        ref, case.at, case.nature or "", case.did, case.outcome, response_class, answers, tuple(sides)
    )  # fmt: skip
