"""A triage suggestion in the words of the console: what to ask, what is recommended, why, and what would change it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from triage import vocabulary
from triage.results import FitResult, Suggestion

_MOST_POINTS = 5
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
    version: str


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


def advice_of(suggestion: Suggestion, program_names: Mapping[str, str], version: str) -> Advice:
    """The panel of a suggestion. `program_names`: slug to name; `version`: protocol version and its date in words."""
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
    ask = [AskWords(one.key, _ask_words(one.key), one.why) for one in suggestion.ask]
    flip = next((flip.text for flip in suggestion.flips if not flip.answered), "")
    if not flip and suggestion.flips:
        flip = suggestion.flips[0].text
    return Advice(
        words=words,
        level=level,
        text=said.text,
        triaged=suggestion.triaged,
        ask=ask,
        ask_more=", ".join(_label(one.key).lower() for one in suggestion.ask[1:4]),
        counted_for=[point.text for point in suggestion.counted_for[:_MOST_POINTS]],
        counted_against=[point.text for point in suggestion.counted_against[:_MOST_POINTS]],
        unknown=", ".join(_label(point.key).lower() for point in suggestion.unknown[:10]),
        flip=flip,
        programs=_programs(suggestion, program_names),
        version=version,
    )


def _ask_words(key: str) -> str:
    """The question's words; the nature is asked by the WHAT field and is no question of the vocabulary."""
    question = vocabulary.load().by_key.get(key)
    return question.ask if question else "What happened? Pick a more exact nature."


def _label(key: str) -> str:
    question = vocabulary.load().by_key.get(key)
    return question.label if question else key.replace("_", " ")


def _programs(suggestion: Suggestion, names: Mapping[str, str]) -> list[ProgramWords]:
    order = {FitResult.ELIGIBLE: 0, FitResult.ASK: 1, FitResult.EXCLUDED: 2}
    shown: dict[FitResult, tuple[str, str]] = {
        FitResult.ELIGIBLE: ("eligible", "normal"),
        FitResult.ASK: ("ask", "caution"),
        FitResult.EXCLUDED: ("excluded", "off"),
    }
    return [
        ProgramWords(
            names.get(fit.slug, fit.slug),
            *shown[fit.result],
            "; ".join(reason.text for reason in (*fit.reasons, *fit.notes)[:2]),
        )
        for fit in sorted(suggestion.fits, key=lambda fit: order[fit.result])
    ]


def question_groups(suggestion: Suggestion | None, given: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The questions as the console lists them: to ask (best first), for the crew, answered. None is ever removed.

    Without a suggestion every safety question is asked in the vocabulary's order. Text questions stand apart, since
    what is being typed never lies inside a part of the page that is replaced.
    """
    table = vocabulary.load()
    if suggestion is None:
        asked = [question.key for question in table.questions if question.safety]
        crew: list[str] = []
    else:
        asked = [item.key for item in suggestion.ask if item.key in table.by_key]
        crew = [key for key in suggestion.for_crew if key not in asked and key in table.by_key]
        if not suggestion.triaged:
            asked += [q.key for q in table.questions if q.safety and q.key not in asked and q.key not in crew]
    answered = [key for key in given if key in table.by_key]
    known = {key for key in answered if given[key]["value"] != "unknown"}
    return [
        {"key": "ask", "name": "", "questions": _rows([k for k in asked if k not in known], given, is_open=True)},
        {
            "key": "crew",
            "name": "For the crew",
            "questions": _rows([k for k in crew if k not in known and k not in asked], given, is_open=False),
        },
        {
            "key": "answered",
            "name": "Answered",
            "questions": _rows([k for k in answered if k in known or k not in (*asked, *crew)], given, is_open=False),
        },
    ]


def _rows(keys: list[str], given: Mapping[str, Mapping[str, Any]], *, is_open: bool) -> list[dict[str, Any]]:
    table = vocabulary.load()
    rows = []
    for key in keys:
        question = table.get(key)
        if question.kind in {"text", "language", "text_list"}:
            continue
        answer = given.get(key)
        value = answer["value"] if answer else None
        chosen = value if isinstance(value, list) else [value]
        options = [
            {
                "key": option.key,
                "label": option.label,
                "raw": _raw(option.value),
                "chosen": option.value in chosen,
                "danger": option.value in question.concerning,
            }
            for option in question.options
        ]
        if question.kind == "integer":
            options = [
                {"key": str(n), "label": "", "raw": str(n), "chosen": n in chosen, "danger": False}
                for n in range(1, 10)
            ]
        rows.append(
            {
                "key": key,
                "label": question.label,
                "kind": question.kind,
                "script": question.script,
                "blocking": question.blocking,
                "options": options,
                "answered": answer is not None,
                "open": is_open,
                "none_chosen": value == [],
                "unknown_chosen": value == "unknown",
                "by": getattr(answer["by"], "initials", "") if answer else "",
                "at": answer["at"] if answer else None,
                "basis": answer["basis"] if answer else "",
                "others": "; ".join(question.label_of(other) for other in answer["others"]) if answer else "",
            }
        )
    return rows


def _raw(value: bool | str) -> str:
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else value
