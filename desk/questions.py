"""The questions of a call as the console lists them, each drawn once for each state that it can be in."""

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe

from triage import vocabulary
from triage.results import Suggestion
from triage.vocabulary import Question

BLANK = "__CALL__"
"""Stands for a call's id: the browser puts its own into a blank card, `drawn` that of a call that exists."""
_TYPED = frozenset({"text", "language", "text_list"})


def question_groups(
    suggestion: Suggestion | None, given: Mapping[str, Mapping[str, Any]], *, call: str = BLANK, zone: str = "UTC"
) -> list[dict[str, Any]]:
    """The questions as the console lists them: to ask (best first), for the crew, answered, and without effect now.

    None is ever removed: those that can change nothing any more are folded away at the end. Without a suggestion every
    safety question is asked in the vocabulary's order. Text questions stand apart, since what is being typed never lies
    inside a part of the page that is replaced.
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
    groups = [
        ("ask", "", [k for k in asked if k not in known], True),
        ("crew", "For the crew", [k for k in crew if k not in known and k not in asked], False),
        ("answered", "Answered", [k for k in answered if k in known or k not in (*asked, *crew)], False),
    ]
    shown = {key for _, _, keys, _ in groups for key in keys}
    rest = [q.key for q in table.questions if q.key not in shown] if suggestion is not None else []
    groups.append(("rest", "Cannot change the response now", rest, False))
    return [
        {
            "key": key,
            "name": name,
            "folded": key == "rest",
            "questions": [
                _drawn(table.get(k), given.get(k), call=call, zone=zone, is_open=is_open)
                for k in keys
                if table.get(k).kind not in _TYPED
            ],
        }
        for key, name, keys, is_open in groups
    ]


def _drawn(
    question: Question, answer: Mapping[str, Any] | None, *, call: str, zone: str, is_open: bool
) -> dict[str, Any]:
    html = _fieldset(
        question.key,
        is_open,
        None if answer is None else json.dumps(answer["value"], sort_keys=True),
        getattr(answer["by"], "initials", "") if answer else "",
        f"{answer['at'].astimezone(ZoneInfo(zone)):%H:%M}" if answer and answer["by"] else "",
        answer["basis"] if answer else "",
        "; ".join(question.label_of(other) for other in answer["others"]) if answer else "",
    )
    return {"key": question.key, "html": mark_safe(html.replace(BLANK, call))}  # noqa: S308 - drawn by a template, call is a UUID


@lru_cache(maxsize=2048)
def _fieldset(key: str, is_open: bool, value_json: str | None, by: str, at: str, basis: str, others: str) -> SafeString:
    """One question in one state. Most of a card is the same from answer to answer, and of coded values only."""
    question = vocabulary.load().get(key)
    value = json.loads(value_json) if value_json is not None else None
    chosen = value if isinstance(value, list) else [value]
    options = [
        {
            "key": option.key,
            "label": option.label,
            "raw": raw(option.value),
            "chosen": option.value in chosen,
            "danger": option.value in question.concerning,
        }
        for option in question.options
    ]
    if question.kind == "integer":
        options = [
            {"key": str(n), "label": "", "raw": str(n), "chosen": n in chosen, "danger": False} for n in range(1, 10)
        ]
    row = {
        "key": key,
        "label": question.label,
        "kind": question.kind,
        "script": question.script,
        "blocking": question.blocking,
        "options": options,
        "answered": value_json is not None,
        "open": is_open,
        "none_chosen": value == [],
        "unknown_chosen": value == "unknown",
        "by": by,
        "at": at,
        "basis": basis,
        "others": others,
    }
    return render_to_string("desk/console/question.html", {"q": row, "call": BLANK})


def raw(value: Any) -> str:
    """An answer as the console posts it (read again by `AnswerForm`)."""
    return value if isinstance(value, str) else json.dumps(value)
