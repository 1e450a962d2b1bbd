"""A triage suggestion in the words of the console: what to ask, what is recommended, why, and what would change it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dispatch.plan import Plan
from triage import vocabulary
from triage.results import FitResult, ProgramFit, Suggestion

_MOST_POINTS = 5
_MOST_PROGRAMS = 4
"""Of one result that are read at a glance; eligible ones are never folded."""
_OF_NO_MATTER = frozenset({"out_of_area", "nature_not_served", "information_only"})
"""Why a program is not for this call at all: true of most programs of most calls, and no news to anybody."""
_CLASS_LEVEL = {
    "emergency": "critical",
    "co_response": "serious",
    "mobile_team": "normal",
    "tele_clinician": "normal",
    "outreach_followup": "normal",
}


@dataclass(frozen=True)
class AskWords:
    """The next question as the call taker reads it."""

    key: str
    question: str
    why: str


@dataclass(frozen=True)
class ProgramWords:
    """One program's result with its reasons."""

    name: str
    result: str
    level: str
    why: str


@dataclass(frozen=True)
class Advice:
    """Everything that the suggestion panel shows."""

    words: str
    level: str
    text: str
    triaged: bool
    ask: list[AskWords]
    ask_more: str
    counted_for: list[str]
    counted_against: list[str]
    unknown: str
    flip: str
    programs: list[ProgramWords]
    folded: list[ProgramWords]
    version: str
    approval: str


@dataclass(frozen=True)
class Version:
    """The protocol that spoke: its number and date, and who stands for it, in words."""

    words: str
    approval: str


def class_words(response_class: str) -> str:
    """A response class in words; empty for none."""
    labels: dict[str, str] = {str(key): label for key, label in vocabulary.load().class_labels.items()}
    return labels.get(response_class, response_class.replace("_", " "))


def class_level(response_class: str) -> str:
    """The status level in which a response class is shown."""
    return _CLASS_LEVEL.get(response_class, "off")


def held_by_unknown(suggestion: Suggestion, chosen: str) -> bool:
    """Whether only open questions, and no answer, hold the call at this class. Red stays for danger that was stated."""
    fired = [floor for floor in suggestion.decision.fired if str(floor.response_class) == chosen]
    return bool(fired) and all(floor.by_unknown for floor in fired)


def advice_of(suggestion: Suggestion, program_names: Mapping[str, str], version: Version, held: Plan | None) -> Advice:
    """The panel of a suggestion. `program_names`: slug to name.

    `held`: the plan that unconfirmed words in the notes keep in its place, or None. Accepting sends what is shown.
    """
    said = suggestion.recommendation
    names = [program_names.get(slug, slug) for slug in said.programs]
    if not suggestion.triaged:
        words, level = "Not triaged", "off"
    else:
        chosen = str(said.response_class or suggestion.response_class)
        words, level = class_words(chosen), class_level(chosen)
        if names:
            words = f"{words} · {names[0]}"
        elif said.services:
            words = f"{words} · {', '.join(service.upper() for service in said.services)}"
        if held_by_unknown(suggestion, chosen):
            words, level = f"So far: {words}", "caution"
    if held is not None:
        words, level = f"{class_words(held.response_class)}, held", "serious"
        if held.program:
            words += f" · {program_names.get(held.program, held.program)}"
        words += f" · {', '.join(service.upper() for service in held.services)}"
    ask = [AskWords(one.key, _ask_words(one.key), one.why) for one in suggestion.ask]
    programs, folded = programs_said(suggestion.fits, program_names)
    flip = next((flip.text for flip in suggestion.flips if not flip.answered), "")
    if not flip and suggestion.flips:
        flip = suggestion.flips[0].text
    return Advice(
        words=words,
        level=level,
        text=held.words if held is not None else said.text,
        triaged=suggestion.triaged,
        ask=ask,
        ask_more=", ".join(_label(one.key).lower() for one in suggestion.ask[1:4]),
        counted_for=[point.text for point in suggestion.counted_for[:_MOST_POINTS]],
        counted_against=[point.text for point in suggestion.counted_against[:_MOST_POINTS]],
        unknown=", ".join(_label(point.key).lower() for point in suggestion.unknown[:10]),
        flip=flip,
        programs=programs,
        folded=folded,
        version=version.words,
        approval=version.approval,
    )


def _ask_words(key: str) -> str:
    """The question's words; the nature is asked by the WHAT field and is no question of the vocabulary."""
    question = vocabulary.load().by_key.get(key)
    return question.ask if question else "What happened? Pick a more exact nature."


def _label(key: str) -> str:
    question = vocabulary.load().by_key.get(key)
    return question.label if question else key.replace("_", " ")


def programs_said(
    fits: Sequence[ProgramFit], names: Mapping[str, str]
) -> tuple[list[ProgramWords], list[ProgramWords]]:
    """The programs to be read at a glance, and the others, which are there to open."""
    order = {FitResult.ELIGIBLE: 0, FitResult.ASK: 1, FitResult.EXCLUDED: 2}
    shown: dict[FitResult, tuple[str, str]] = {
        FitResult.ELIGIBLE: ("eligible", "normal"),
        FitResult.ASK: ("ask", "caution"),
        FitResult.EXCLUDED: ("excluded", "off"),
    }
    read: list[ProgramWords] = []
    folded: list[ProgramWords] = []
    count: Counter[FitResult] = Counter()
    for fit in sorted(fits, key=lambda fit: order[fit.result]):
        why = "; ".join(reason.text.rstrip(".") for reason in (*fit.reasons, *fit.notes)[:2])
        said = ProgramWords(names.get(fit.slug, fit.slug), *shown[fit.result], why)
        excluded = fit.result is FitResult.EXCLUDED
        if excluded and any(reason.code in _OF_NO_MATTER for reason in fit.reasons):
            folded.append(said)
            continue
        count[fit.result] += 1
        eligible = fit.result is FitResult.ELIGIBLE
        (read if eligible or count[fit.result] <= _MOST_PROGRAMS else folded).append(said)
    return read, folded
