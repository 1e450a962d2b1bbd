"""Find cues in a narrative, tell which dangers they propose, and which must be confirmed before caution may fall."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from triage import vocabulary
from triage.answers import is_danger, is_lowering, most_dangerous
from triage.cues import lexicon as _lexicon
from triage.cues import reader as _reader
from triage.cues.lexicon import Derived, Found, Mask, Meaning
from triage.cues.reader import Reader, ReaderUnusable
from triage.cues.status import Reading, Status
from triage.cues.words import SENTENCE, Word, split
from triage.response import ResponseClass
from triage.results import plain
from triage.vocabulary import Value

logger = logging.getLogger(__name__)

#: Longer texts are read from their end: what is typed now stands there.
LONGEST = 4_000

_LISTS = ("medical_signs", "need")
_SAYS_NOTHING = (Status.NEGATED, Status.PAST, Status.FIGURATIVE, Status.LOOKALIKE)
_NO_READER = "+none"
_ENDS = ".!?;\n"
#: Words of a plain statement ("there's a fire here"): no phrase in it is doubted, whatever stands around it. Of a
#: weapon or a blow also in longer ones: they are what an unarmed team must not meet (ADR 20).
_PLAIN, _PLAIN_OF = 5, {"weapon": 12, "violence": 8}
#: Log-odds of a text without words.
_NO_WORDS = -9.0
_READ = "Read from the whole sentence, not from a known phrase."
#: Above the calmest answer, but holding a call for it would hold nearly all; a partner's quarrel has its own question.
_MILD = frozenset(
    {("violence", "verbal"), ("behavior", "confused"), ("behavior", "hallucinating"), ("intoxication", "apparent")}
)
_HISTORY = {"weapon": "history_only", "violence": "history_only", "suicide": "past_only", "ingestion": "past"}
_MAY_CONTINUE = (Status.PRESENT, Status.HEARSAY, Status.HYPOTHETICAL)
_GENERAL = "Asked or told in general, not about somebody now."
_NOTES = {
    Status.NEGATED: "Said not to be so. Ask, and answer it yourself.",
    Status.PAST: "Told as history. Ask about now.",
    Status.HEARSAY: "Passed on from somebody else.",
    Status.HYPOTHETICAL: "Feared or supposed, not seen.",
    Status.FIGURATIVE: "A figure of speech.",
    Status.LOOKALIKE: "Sounds like a danger and is something else.",
    Status.DOUBTED: "Sounds like a danger; read as a whole the text states none. Ask if in doubt.",
}


@dataclass(frozen=True, slots=True)
class Cue:
    """Words that matter: characters ``start`` to ``end`` of the text, and the ``value`` of question ``key`` they mean.

    Only a cue that ``proposes`` offers its value as an answer, and it counts as unknown until a person confirms it.
    """

    start: int
    end: int
    words: str
    key: str
    value: bool | str
    status: Status
    proposes: bool
    note: str

    @property
    def mark(self) -> str:
        """The same for the same words with the same meaning wherever they stand: remembers what a person dismissed."""
        return f"{self.key}={self.value}:{' '.join(self.words.lower().split())}"

    def to_dict(self) -> dict[str, Any]:
        """JSON-able form."""
        return {
            "start": self.start,
            "end": self.end,
            "words": self.words,
            "key": self.key,
            "value": self.value,
            "status": self.status.value,
            "proposes": self.proposes,
            "note": self.note,
            "mark": self.mark,
        }


@lru_cache(maxsize=1)
def second_reader() -> Reader | None:
    """The trained reader; None when its files are missing or damaged, which is logged once. Phrases go on alone."""
    try:
        return _reader.load()
    except ReaderUnusable:
        logger.exception("second reader failed")
        return None


def version() -> str:
    """The versions of the lexicon and of the second reader, to be stored with what they said."""
    return version_with(second_reader())


def version_with(reader: Reader | None) -> str:
    """As ``version``, with this reader or with none."""
    return _lexicon.load().version + (f"+{reader.version}" if reader else _NO_READER)


def phrases_only(version: str) -> bool:
    """Whether cues of this version come from phrases alone, because the second reader failed. The screen says so."""
    return version.endswith(_NO_READER)


def find(text: str, language: str | None = None) -> tuple[Cue, ...]:
    """The cues of a narrative in the order of the text. Never raises for any text.

    ``language`` is not needed: English and Spanish phrases are looked for at once, since callers mix them. It is
    taken so that a further language can be added without another signature.
    """
    del language
    return find_with(text, second_reader())


def find_with(text: str, reader: Reader | None) -> tuple[Cue, ...]:
    """As ``find``, with this second reader; with None by phrases alone."""
    cues, alarmed = _by_phrases(text)
    if reader is not None:
        cues = _beside(text, cues, reader, alarmed)
    return tuple(sorted(cues, key=lambda c: (c.start, c.end, c.key, str(c.value))))


def _beside(text: str, cues: Sequence[Cue], reader: Reader, alarmed: bool) -> list[Cue]:
    """Both readers in one: what the second is sure of is asked too, and what it speaks against is not proposed.

    Among words of alarm ("screaming", "hurry") no phrase is doubted.
    """
    offset = max(0, len(text) - LONGEST)
    proposed = dangers(cues)
    denied = {cue.key for cue in cues if not cue.proposes and (cue.status in _SAYS_NOTHING or cue.note == _GENERAL)}
    more = reader.explained if denied and not proposed else 0.0
    most, unsure = reader.brief
    more += unsure if len(text.split()) <= most else 0.0
    odds = dict.fromkeys(reader.bounds, _NO_WORDS)
    joined: list[Cue] = []
    for one in reader.read(text[offset:]):
        bounds, odds[one.key] = reader.bounds[one.key], one.odds
        if one.key not in proposed and one.odds - more > (bounds.ask_denied if one.key in denied else bounds.ask):
            start, end = offset + one.start, offset + one.end
            joined.append(Cue(start, end, text[start:end], one.key, one.value, Status.PRESENT, True, _READ))
    return [*(cue if alarmed else _weighed(text, cue, odds, reader) for cue in cues), *joined]


def _weighed(text: str, cue: Cue, odds: Mapping[str, float], reader: Reader) -> Cue:
    """A phrase's cue, doubted if the reader speaks against it and its sentence is more than a plain statement."""
    if cue.key not in odds or not dangers([cue]) or plain_statement(text, cue):
        return cue
    if reader.trusts(kind_of(cue), cue.key, odds[cue.key]):
        return cue
    return replace(cue, status=Status.DOUBTED, proposes=False, note=_NOTES[Status.DOUBTED])


def plain_statement(text: str, cue: Cue) -> bool:
    """Whether a cue stands in a sentence too short for doubt: such ones are what phrases read best."""
    first = max(text.rfind(mark, 0, cue.start) for mark in _ENDS) + 1
    last = min((at for mark in _ENDS if (at := text.find(mark, cue.end)) >= 0), default=len(text))
    return len(text[first:last].split()) <= _PLAIN_OF.get(cue.key, _PLAIN)


def kind_of(cue: Cue) -> str:
    """What kind of phrase found it, for its bound: its answer, one word or more, only heard or feared, with a note."""
    supposed = cue.status in (Status.HEARSAY, Status.HYPOTHETICAL)
    noted = " noted" if cue.note and cue.status is Status.PRESENT else ""
    words = "words" if len(cue.words.split()) > 1 else "word"
    return f"{cue.key}={cue.value} {words}{' supposed' if supposed else noted}"


def _by_phrases(text: str) -> tuple[list[Cue], bool]:
    """What phrases find, and whether words of alarm stand in the text."""
    offset = max(0, len(text) - LONGEST)
    lexicon = _lexicon.load()
    words = split(text[offset:], lexicon.sets["fillers"])
    if not words:
        return [], False
    shouted = sum(word.capital for word in words) > len(words) // 2
    texts = [
        word.text if word.capital and word.parted != SENTENCE and not shouted else lexicon.spelling.mend(word.text)
        for word in words
    ]
    reading = Reading(lexicon, words, texts)
    everything = lexicon.find(words, texts)
    masks = [f for f in everything if isinstance(f.stands_for, Mask)]
    kept = _longest([f for f in everything if isinstance(f.stands_for, Meaning)])
    kept.sort(key=lambda f: (f.start, f.end))
    negated: list[Found] = []
    cues = [_cue(text, offset, words, reading, found, masks, negated) for found in kept]
    cues.extend(_derived(text, offset, reading, [(f, c) for f, c in zip(kept, cues, strict=True) if c.proposes]))
    return cues, reading.alarmed()


def _longest(found: Sequence[Found]) -> list[Found]:
    """Of overlapping phrases for one question only the longest, of equals the more dangerous; no phrase twice."""
    kept: list[Found] = []
    for one in sorted(found, key=_precedence):
        if not any(_same_key(one, other) and one.start < other.end and other.start < one.end for other in kept):
            kept.append(one)
    return kept


def _precedence(found: Found) -> tuple[bool, int, int, int]:
    meaning = found.stands_for
    assert isinstance(meaning, Meaning)  # noqa: S101 - masks are sorted out before
    return not meaning.proposes, found.start - found.end, -_height(meaning), found.start


def _height(meaning: Meaning) -> int:
    above = vocabulary.load().get(meaning.key).more_dangerous
    return sum(meaning.value in more for more in above.values())


def _same_key(one: Found, other: Found) -> bool:
    return getattr(one.stands_for, "key", None) == getattr(other.stands_for, "key", None)


def _cue(
    text: str,
    offset: int,
    words: Sequence[Word],
    reading: Reading,
    found: Found,
    masks: Sequence[Found],
    negated: list[Found],
) -> Cue:
    meaning = found.stands_for
    assert isinstance(meaning, Meaning)  # noqa: S101 - masks are sorted out before
    status, general = _status(reading, found, meaning, masks), False
    if status is None:
        status, general = Status.HYPOTHETICAL, True
    if status in _MAY_CONTINUE and any(reading.listed(before, found) for before in negated):
        status = Status.NEGATED
    if status is Status.NEGATED:
        negated.append(found)
    value = meaning.value
    if status is Status.PAST:
        value = _HISTORY.get(meaning.key, value)
    elif status not in _SAYS_NOTHING:
        value = _raised(reading, found, meaning)
    start, end = offset + words[found.start].start, offset + words[found.end - 1].end
    return Cue(
        start,
        end,
        text[start:end],
        meaning.key,
        value,
        status,
        meaning.proposes and status not in _SAYS_NOTHING and not general,
        _GENERAL if general else meaning.note or _NOTES.get(status, ""),
    )


def _status(reading: Reading, found: Found, meaning: Meaning, masks: Sequence[Found]) -> Status | None:
    """How a cue is meant; None when the sentence only asks or tells of such things in general."""
    if reading.name(found, meaning.key):
        return Status.LOOKALIKE
    for mask in masks:
        what = mask.stands_for
        assert isinstance(what, Mask)  # noqa: S101 - only masks are passed
        if what.keys and meaning.key not in what.keys:
            continue
        if what.whole:
            if reading.alarmed():
                continue
            return Status(what.status)
        if what.wide:
            if reading.sentence(mask.start) != reading.sentence(found.start) or reading.urgent(found.start):
                continue
            return None if what.status == "hypothetical" else Status(what.status)
        shared = reading.texts[max(mask.start, found.start) : min(mask.end, found.end)]
        if reading.lexicon.sets["small"].issuperset(shared):
            continue
        if _more_said(reading, found, mask, meaning.key):
            continue
        if what.status == "lookalike" and meaning.key == "weapon" and reading.doubted(mask):
            return Status.HYPOTHETICAL
        return Status(what.status)
    if reading.negated(found, meaning.key):
        return Status.NEGATED
    if reading.past(found, meaning.key):
        return Status.PAST
    if reading.uncertain(found):
        return Status.HYPOTHETICAL
    return Status.HEARSAY if reading.heard(found) else Status.PRESENT


def _more_said(reading: Reading, found: Found, mask: Found, key: str) -> bool:
    """Whether a cue says more than the harmless phrase within it; "with a toy gun" does not, its noun is the toy."""
    inside = found.start <= mask.start and mask.end <= found.end
    more = (*reading.texts[found.start : mask.start], *reading.texts[mask.end : found.end])
    inside = inside and not reading.lexicon.sets["small"].issuperset(more)
    return inside and not (key == "weapon" and mask.end == found.end)


def _raised(reading: Reading, found: Found, meaning: Meaning) -> bool | str:
    """The value after the words close by: a weapon that somebody has is taken as one in the hand."""
    first, last = reading.sentence(found.start)
    for rule in reading.lexicon.raises:
        if rule.key != meaning.key or rule.low != meaning.value:
            continue
        near = reading.texts[max(first, found.start - rule.window) : min(last, found.end + rule.window)]
        around = reading.texts[first:last] if rule.unless else ()
        if not rule.words.isdisjoint(near) and rule.unless.isdisjoint(around):
            return rule.high
    return meaning.value


def _derived(text: str, offset: int, reading: Reading, said: Sequence[tuple[Found, Cue]]) -> list[Cue]:
    """Cues that follow from two others in one sentence: violence beside a partner, a danger beside a child."""
    more: list[Cue] = []
    for rule in reading.lexicon.derived:
        if any(c.key == rule.meaning.key and (c.value == rule.meaning.value) for _, c in said):
            continue
        for found, cue in said:
            if cue.key not in rule.with_keys or not _counts(rule, cue):
                continue
            first, last = (0, len(reading.texts)) if rule.whole else reading.sentence(found.start)
            at = reading.beside(rule, found, first, last)
            if at is not None:
                start, end = offset + reading.words[at].start, offset + reading.words[at].end
                meaning = rule.meaning
                more.append(
                    Cue(start, end, text[start:end], meaning.key, meaning.value, Status.PRESENT, True, meaning.note)
                )
                break
    return more


def _counts(rule: Derived, cue: Cue) -> bool:
    return cue.value in rule.values if rule.values else is_danger(cue.key, _listed(cue))


def _listed(cue: Cue) -> object:
    return [cue.value] if cue.key in _LISTS else cue.value


def _raises_care(key: str, value: object) -> bool:
    """Whether a value is more than the least dangerous answer to its question: only then can caution depend on it."""
    question = vocabulary.load().get(key)
    if (key, value) in _MILD:
        return False
    if key == "medical_signs" or is_danger(key, [value] if question.kind == "list" else value):
        return True
    return any(value in more for more in question.more_dangerous.values())


def dangers(cues: Iterable[Cue]) -> dict[str, Any]:
    """The most dangerous proposal for each question, in JSON form; questions without a dangerous one are absent."""
    proposed: dict[str, list[object]] = {}
    for cue in cues:
        if cue.proposes and _raises_care(cue.key, cue.value):
            proposed.setdefault(cue.key, []).append(_listed(cue))
    return {key: plain(most_dangerous(key, values)) for key, values in proposed.items()}


def hold(
    suggestion_class: ResponseClass | str,
    answers: Mapping[str, Any],
    cues: Iterable[Cue],
    dismissed: Iterable[str] = (),
) -> list[str]:
    """The questions to confirm before a class less cautious than co-response may be accepted; empty when it may be.

    A question is confirmed once its answer is at least as dangerous as what the words propose, or once a person
    dismissed the cue (its ``mark`` is in ``dismissed``). An answer that is calmer than the words does not confirm
    it: the words may have come later. Raises ValueError for a class or an answer that does not exist.
    """
    if ResponseClass(suggestion_class).rank <= ResponseClass.CO_RESPONSE.rank:
        return []
    seen = frozenset(dismissed)
    proposed = dangers(cue for cue in cues if cue.mark not in seen)
    return [q.key for q in vocabulary.load().questions if q.key in proposed and not _covered(q.key, proposed, answers)]


def _covered(key: str, proposed: Mapping[str, Any], answers: Mapping[str, Any]) -> bool:
    questions = vocabulary.load()
    given: Value = questions.validate_answer(key, answers.get(key))
    return given is not None and not is_lowering(key, proposed[key], given)
