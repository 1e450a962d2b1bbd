"""Danger of answers: merging what several callers say, and telling when an answer lowers danger.

The danger orders are data (``data/vocabulary.json``) that ships with the code; no administrator can change them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from triage import vocabulary as _vocabulary
from triage.vocabulary import Question, Value


def _is_more(question: Question, value: Value, other: Value) -> bool:
    """Whether ``value`` is strictly more dangerous than ``other``, both known and single."""
    if isinstance(value, frozenset) and isinstance(other, frozenset):
        return question.key == "medical_signs" and value > other
    return value in question.more_dangerous.get(other, ())  # type: ignore[arg-type]  # single: no set is left here


def most_dangerous(key: str, values: Iterable[object]) -> Value:
    """What an incident's answer is, given the answers of all its calls, crews and cautions.

    Unknown never hides a known answer. Of known ones the more dangerous stays; values without an order between them
    are all kept, as a tuple (the engine then takes the more cautious reading of each rule). Lists are joined; numbers
    give the greatest; of differing texts all are kept, as one text. Raises ValueError for a value that is no answer.
    """
    vocabulary = _vocabulary.load()
    question = vocabulary.get(key)
    known: list[Any] = []
    for raw in values:
        value = vocabulary.validate_answer(key, raw)
        known.extend(value if isinstance(value, tuple) else () if value is None else (value,))
    if not known:
        return None
    if question.kind in ("list", "text_list"):
        return frozenset().union(*known)
    if question.kind == "integer":
        return int(max(known))
    if question.kind in ("text", "language"):
        return "; ".join(dict.fromkeys(known))
    top = [v for v in question.values if v in known and not any(_is_more(question, w, v) for w in known)]
    return top[0] if len(top) == 1 else tuple(top)


def merge(answer_sets: Iterable[Mapping[str, object]]) -> dict[str, Value]:
    """All answers of an incident from those of its calls, question by question (see ``most_dangerous``)."""
    collected: dict[str, list[object]] = {}
    for answers in answer_sets:
        for key, value in answers.items():
            collected.setdefault(key, []).append(value)
    return {key: most_dangerous(key, values) for key, values in collected.items()}


def is_danger(key: str, value: object) -> bool:
    """Whether ``value`` is a *concerning* answer: one that alone, with all else safest, forces co-response or above.

    The set ships as data and a test compares it with the reference protocol. Unknown is not a danger answer.
    """
    vocabulary = _vocabulary.load()
    question = vocabulary.get(key)
    normal = vocabulary.validate_answer(key, value)
    if isinstance(normal, (tuple, frozenset)):
        return not question.concerning.isdisjoint(normal)
    return normal in question.concerning


def is_lowering(key: str, old: object, new: object) -> bool:
    """Whether replacing ``old`` by ``new`` takes danger away.

    True when some value of ``old`` is neither kept nor exceeded by ``new`` and was a danger answer or stands above
    ``new`` in the danger order; where ``new`` is unknown, when it stood above any answer at all. From unknown nothing
    is lowered.
    """
    vocabulary = _vocabulary.load()
    question = vocabulary.get(key)
    before, after = vocabulary.validate_answer(key, old), vocabulary.validate_answer(key, new)
    if isinstance(before, frozenset) and key == "medical_signs":
        return not before <= (after if isinstance(after, frozenset) else frozenset())
    now = after if isinstance(after, tuple) else () if after is None else (after,)
    for value in before if isinstance(before, tuple) else () if before is None else (before,):
        if value in now or any(_is_more(question, v, value) for v in now):
            continue
        if is_danger(key, value) or any(_is_more(question, value, v) for v in now or question.values):
            return True
    return False
