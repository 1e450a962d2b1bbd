"""What the words of an incident's notes propose, what persons dismissed, and what must be confirmed first."""

import json
import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection

from dispatch.models import Answer, Incident, NarrativeEntry
from dispatch.selectors.triage import answers_merged
from people.models.audience import Audience
from triage import cues, vocabulary
from triage.answers import is_lowering, most_dangerous
from triage.cues import Cue
from triage.response import ResponseClass
from triage.results import plain

logger = logging.getLogger(__name__)
_read: dict[tuple[UUID, str], tuple[Cue, ...]] = {}
"""Cues of notes by note and lexicon: the words of a note never change, so each is read once a process."""
_MOST_READ = 4096


@dataclass(frozen=True)
class Proposals:
    """Cues of an incident's notes (and of a draft), and the marks that persons dismissed on it.

    `lexicon`: versions of the phrases and of the second reader. Empty where the extractor failed: then nothing is
    proposed and nothing held, and it was logged.
    `restricted`: marks that only notes for some readers gave. Their words are quoted nowhere, what they may mean is.
    """

    cues: tuple[Cue, ...] = ()
    dismissed: frozenset[str] = frozenset()
    lexicon: str = ""
    restricted: frozenset[str] = frozenset()
    by_note: Mapping[UUID, tuple[Cue, ...]] = field(default_factory=dict)

    @property
    def phrases_only(self) -> bool:
        """Whether the second reader failed, so that known phrases alone were read."""
        return cues.phrases_only(self.lexicon)

    def open(self, answers: Mapping[str, Any]) -> list[Cue]:
        """Proposals that nobody has dismissed and no answer covers yet, dangers first, each mark once."""
        dangerous = self._danger_keys()
        found = {
            cue.mark: cue
            for cue in reversed(self.cues)
            if cue.proposes and cue.mark not in self.dismissed and not _covered(cue, answers, cue.key in dangerous)
        }
        order = {question.key: place for place, question in enumerate(vocabulary.load().questions)}
        return sorted(found.values(), key=lambda cue: (cue.key not in dangerous, order[cue.key], cue.start))

    def _danger_keys(self) -> frozenset[str]:
        return frozenset(cues.dangers(cue for cue in self.cues if cue.mark not in self.dismissed))

    def hold(self, response_class: str, answers: Mapping[str, Any]) -> list[Cue]:
        """The unconfirmed danger cues that keep a class from being less cautious than co-response; none at or above."""
        keys = cues.hold(response_class, answers, self.cues, self.dismissed)
        return [cue for cue in self.open(answers) if cue.key in keys and self._raises(cue, answers)]

    def _raises(self, cue: Cue, answers: Mapping[str, Any]) -> bool:
        return cue.key in cues.hold(ResponseClass.OUTREACH_FOLLOWUP, answers, [cue])

    def dangers(self, answers: Mapping[str, Any]) -> list[Cue]:
        """Every unconfirmed danger cue, whatever the class is."""
        return [cue for cue in self.open(answers) if self._raises(cue, answers)]

    def quoted(self, cue: Cue) -> str:
        """The words of a cue in quotation marks; of a restricted note only the question that they are about."""
        if cue.mark in self.restricted:
            return f"{vocabulary.load().get(cue.key).label.lower()} in a restricted note"
        return f"“{cue.words}”"

    def sentence(self, holding: Sequence[Cue]) -> str:
        """What holds a class, in words."""
        words = {cue.words for cue in holding}
        longest = [cue for cue in holding if not any(cue.words in other for other in words - {cue.words})]
        said = list(dict.fromkeys(self.quoted(cue) for cue in longest))
        return f"Unconfirmed: {', '.join(said)} hold{'s' * (len(said) == 1)} this at co-response. Confirm or dismiss."

    def to_dict(self) -> dict[str, Any]:
        """As it is stored with a decision: what was proposed, what was dismissed, by which lexicon."""
        return {
            "lexicon": self.lexicon,
            "proposed": [cue.to_dict() for cue in self.cues if cue.proposes],
            "dismissed": sorted(self.dismissed),
            "restricted": sorted(self.restricted),
        }


def proposals_from(stored: Mapping[str, Any]) -> Proposals:
    """The proposals that a decision stored."""
    fields = ("start", "end", "words", "key", "value", "proposes", "note")
    return Proposals(
        tuple(
            Cue(**{name: one[name] for name in fields}, status=cues.Status(one["status"]))
            for one in stored.get("proposed", [])
        ),
        frozenset(stored.get("dismissed", [])),
        stored.get("lexicon", ""),
        frozenset(stored.get("restricted", [])),
    )


def _covered(cue: Cue, answers: Mapping[str, Any], dangerous: bool) -> bool:
    """Whether an answer says as much already; for what is no danger, whether there is any answer."""
    given = answers.get(cue.key)
    if given is None:
        return False
    question = vocabulary.load().get(cue.key)
    if question.kind == "list":
        return isinstance(given, list) and cue.value in given
    return not dangerous or not is_lowering(cue.key, cue.value, given)


def confirming(cue: Cue, answers: Mapping[str, Any]) -> Any:
    """The answer that confirms a cue: its value, for a list beside what is marked already. JSON form."""
    if vocabulary.load().get(cue.key).kind != "list":
        return cue.value
    given = answers.get(cue.key)
    return plain(most_dangerous(cue.key, [[cue.value], given if isinstance(given, list) else []]))


class _Said(NamedTuple):
    """What is read of a note."""

    pk: UUID
    audience: str
    text: str


_DISMISSED = "SELECT (SELECT array_agg(mark) FROM dispatch_cuedismissal WHERE incident_id = %s)"
_NOTES = """
 (SELECT jsonb_agg(jsonb_build_array(n.id, n.audience, t.text) ORDER BY n.at, n.id)
    FROM dispatch_narrativeentry n JOIN dispatch_narrativetext t ON t.entry_id = n.id
   WHERE n.incident_id = %s AND n.struck_at IS NULL AND n.kind <> 'system')"""
"""What people wrote: the machine's own entries (who was taken off, which visit was booked) tell of no danger."""


def proposals_of(incident: Incident, *, notes: Sequence[NarrativeEntry] | None = None, draft: str = "") -> Proposals:
    """Read an incident's notes (unless given, with their words) and a draft for cues.

    Never raises for a failing extractor: typing and sending go on, and the failure is logged without any text.
    """
    # One statement: each answer, draft and decision of a call asks.
    with connection.cursor() as cursor:
        cursor.execute(
            _DISMISSED if notes is not None else f"{_DISMISSED}, {_NOTES}",
            [incident.pk] * (1 if notes is not None else 2),
        )
        marks, *more = cursor.fetchone()
    dismissed = frozenset(marks or ())
    if notes is None:
        said_in = [_Said(UUID(key), *rest) for key, *rest in json.loads(more[0] or "[]")]
    else:
        theirs = (note for note in notes if note.struck_at is None and note.kind != NarrativeEntry.Kind.SYSTEM)
        said_in = [_Said(note.pk, note.audience, note.words.text) for note in theirs if hasattr(note, "words")]
    try:
        lexicon = cues.version()
        by_note = {note.pk: _cues_of(note, lexicon) for note in said_in}
        typed = cues.find(draft) if draft.strip() else ()
        found = (*(cue for one in by_note.values() for cue in one), *typed)
        open_to_all = {note.pk for note in said_in if note.audience == Audience.GENERAL}
        said = {cue.mark for pk, one in by_note.items() if pk in open_to_all for cue in one}
        restricted = frozenset(cue.mark for cue in found if cue.mark not in said) - {cue.mark for cue in typed}
        return Proposals(found, dismissed, lexicon, restricted, by_note)
    except Exception:  # a broken lexicon must stop neither a note nor a decision
        logger.exception("cues failed", extra={"incident": str(incident.pk)})
        return Proposals(dismissed=dismissed)


def _cues_of(note: _Said, lexicon: str) -> tuple[Cue, ...]:
    if len(_read) > _MOST_READ:
        _read.clear()
    key = (note.pk, lexicon)
    if key not in _read:
        _read[key] = cues.find(note.text)
    return _read[key]


@lru_cache(maxsize=512)
def cue_words(key: str, value: bool | str) -> tuple[str, str]:
    """A proposed answer in words: its question and its value, for example ("Weapon", "In the hand")."""
    question = vocabulary.load().get(key)
    return question.label, question.label_of(value)


def unverified_words(incident_ids: Collection[UUID]) -> dict[UUID, list[str]]:
    """For crews under way: the unconfirmed danger cues of each incident's notes, as words to show after “unverified:”.

    The words of the caller are quoted only from notes for everybody; from others only what they may mean.
    """
    if not incident_ids:
        return {}
    said: dict[UUID, list[str]] = {}
    notes: dict[UUID, list[NarrativeEntry]] = {}
    for note in (
        NarrativeEntry.objects.filter(incident__in=incident_ids, struck_at__isnull=True)
        .select_related("words", "incident")
        .order_by("at", "id")
    ):
        notes.setdefault(note.incident_id, []).append(note)
    rows: dict[UUID, list[Answer]] = {}
    for row in Answer.objects.filter(incident__in=notes).order_by("id"):
        rows.setdefault(row.incident_id, []).append(row)
    for incident_id, given in notes.items():
        incident = given[0].incident
        proposals = proposals_of(incident, notes=given)
        words = []
        for cue in proposals.dangers(answers_merged(incident, rows.get(incident_id, []))):
            label, value = cue_words(cue.key, cue.value)
            where = "in a restricted note" if cue.mark in proposals.restricted else proposals.quoted(cue)
            words.append(f"{label}: {value.lower()} ({where})")
        if words:
            said[incident_id] = words
    return said
