"""Scripted calls for practice: what the caller says, what they would answer, and how a worked call is scored. Pure."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

from triage import vocabulary
from triage.engine import suggest
from triage.natures import load as load_natures
from triage.programs import ProgramRules
from triage.protocol import Protocol
from triage.response import ResponseClass
from triage.vocabulary import UNKNOWN_WORD

_FILE = Path(__file__).parent / "data" / "practice_calls.jsonl"
Verdict = Literal["right", "over_cautious", "dangerous", "not_best"]


@dataclass(frozen=True)
class PracticeCall:
    """One scripted call. `facts` are the answers that the caller would give; `acceptable` holds the best class first.

    Written for practice and judged by hand on the reference protocol's floors, before the engine saw them.
    """

    id: str
    channel: str
    nature: str
    narrative: str
    facts: Mapping[str, Any]
    acceptable: tuple[ResponseClass, ...]
    must_not: frozenset[ResponseClass]
    why: str

    @property
    def title(self) -> str:
        """The nature in words: a list of scripts must not give the call away."""
        nature = load_natures().get(self.nature)
        return nature.name if nature else "Call"

    def says(self, key: str) -> str:
        """What the caller answers to a question, in words."""
        question = vocabulary.load().get(key)
        value = self.facts.get(key)
        if value is None or value == UNKNOWN_WORD:
            return "I don't know."
        if isinstance(value, list):
            return ", ".join(question.label_of(one) for one in value) or "Nothing of that."
        return question.label_of(value)


@dataclass(frozen=True)
class PracticeScore:
    """How a practice call went. Times in seconds from opening; None where it never happened."""

    verdict: Verdict
    chosen: str
    best: str
    why: str
    where_s: int | None
    decision_s: int
    asked: int
    fewest: int
    wrong: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """JSON-able form."""
        return {
            "verdict": self.verdict,
            "chosen": self.chosen,
            "best": self.best,
            "why": self.why,
            "where_s": self.where_s,
            "decision_s": self.decision_s,
            "asked": self.asked,
            "fewest": self.fewest,
            "wrong": list(self.wrong),
        }


@cache
def load() -> Mapping[str, PracticeCall]:
    """All scripted calls by id, in order."""
    calls = {}
    for line in _FILE.read_text(encoding="utf-8").splitlines():
        data = json.loads(line)
        data["acceptable"] = tuple(ResponseClass(one) for one in data["acceptable"])
        data["must_not"] = frozenset(ResponseClass(one) for one in data["must_not"])
        calls[data["id"]] = PracticeCall(**data)
    return calls


def fewest_questions(call: PracticeCall, protocol: Protocol, programs: Sequence[ProgramRules]) -> int:
    """How many questions a call taker asks who always takes the first of the ASK list, until something is decided."""
    known: dict[str, Any] = {}
    asked = 0
    while True:
        said = suggest(protocol, programs, known, call.nature, open_now={}, covers={})
        open_keys = [item.key for item in said.ask if item.key != "nature" and item.key not in known]
        if (said.recommendation.code != "ask" and said.triaged) or not open_keys:
            return asked
        key = open_keys[0]
        known[key] = call.facts.get(key, UNKNOWN_WORD)
        asked += 1


def score(
    call: PracticeCall,
    *,
    chosen: str,
    entered: Mapping[str, Any],
    asked: int,
    fewest: int,
    where_s: int | None,
    decision_s: int,
) -> PracticeScore:
    """Score a call that was decided. `entered` are the answers as the call taker stored them."""
    decided, best = ResponseClass(chosen), call.acceptable[0]
    verdict: Verdict = "not_best"
    if decided in call.acceptable:
        verdict = "right"
    elif decided in call.must_not and decided.rank > best.rank:
        verdict = "dangerous"
    elif decided.rank < best.rank:
        verdict = "over_cautious"
    table = vocabulary.load()
    wrong = tuple(
        table.get(key).label
        for key, value in entered.items()
        if key in call.facts and not _same(value, call.facts[key])
    )
    return PracticeScore(verdict, decided.value, best.value, call.why, where_s, decision_s, asked, fewest, wrong)


def _same(entered: Any, meant: Any) -> bool:
    if isinstance(meant, list):
        return set(entered if isinstance(entered, (list, tuple)) else [entered]) == set(meant)
    return bool(entered == meant) or (entered in {None, UNKNOWN_WORD} and meant in {None, UNKNOWN_WORD})
