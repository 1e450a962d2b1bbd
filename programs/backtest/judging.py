"""The engine's verdict on a pattern: answers and nature without time and place. Each distinct pattern is judged once.

Two calls are the same pattern when no rule of the protocol or of the versions can tell them apart: answers that nobody
reads are dropped, and single answers that no condition distinguishes are joined, as the compiled rules state them.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any

from programs.backtest.plan import Plan
from triage import natures
from triage import vocabulary as vocabularies
from triage.fit import fit_program
from triage.natures import Nature
from triage.questions import NATURE_KEY, outlook
from triage.response import CLASSES
from triage.results import FitResult
from triage.ruleset import RuleSet, compile_rules
from triage.vocabulary import Value

UNREADABLE = "unreadable"
"""The result of a call whose answers this vocabulary does not know (older words): it cannot be tested either."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """One version on one pattern, hours and area left out: ``ELIGIBLE``, ``EXCLUDED``, ``ASK`` or ``UNREADABLE``.

    ``codes`` are the rules that excluded it, ``ask`` the questions that keep it open, ``missing`` those of them that
    were not recorded: what the answer would have been, nobody can say now.
    """

    result: str
    codes: tuple[str, ...] = ()
    ask: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


class Judge:
    """Verdicts of a plan's versions, by pattern number. Numbers count from 0 in order of first sight."""

    def __init__(self, plan: Plan) -> None:
        self._sides = tuple(plan.sides)
        self._rules: RuleSet = compile_rules(plan.protocol, tuple(side.rules for side in plan.sides.values()))
        self._vocabulary = vocabularies.load()
        self._stand_in: dict[str, dict[Value, Value]] = {
            key: {
                value: one.value for one in candidates for value in one.values if not isinstance(one.value, frozenset)
            }
            for key, candidates in self._rules.candidates.items()
        }
        self._number: dict[Hashable, int] = {}
        self.verdicts: dict[str, list[Verdict]] = {side: [] for side in self._sides}

    def __len__(self) -> int:
        return len(self._number)

    def pattern(self, answers: Mapping[str, Any], nature: str | None) -> int:
        """The number of the pattern; judges it when it is new."""
        try:
            state = self._vocabulary.normalise(answers)
        except (ValueError, TypeError):
            return self._new(UNREADABLE, [Verdict(UNREADABLE) for _ in self._sides])
        known = natures.get(nature)
        kept = tuple(
            table.get(state[key], state[key]) if isinstance(state[key], (str, bool)) else state[key]
            for key, table in self._stand_in.items()
        )
        # "unknown" and nothing recorded are alike to the engine, but not to what can be tested.
        asked = tuple(key in answers for key in self._stand_in if state[key] is None)
        name = (kept, asked, self._nature(nature, known))
        found = self._number.get(name)
        if found is not None:
            return found
        return self._new(name, self._judge(answers, state, known, bool(nature)))

    def _nature(self, nature: str | None, known: Nature | None) -> Hashable:
        """What the rules see of a nature."""
        if known is None or known.undetermined:
            return bool(nature)
        if known.dangerous:
            return "dangerous"
        return tuple(p.program.natures is None or known.slug in p.program.natures for p in self._rules.programs)

    def _new(self, name: Hashable, verdicts: list[Verdict]) -> int:
        number = self._number.setdefault(name, len(self._number))
        if number == len(self.verdicts[self._sides[0]]):
            for side, verdict in zip(self._sides, verdicts, strict=True):
                self.verdicts[side].append(verdict)
        return number

    def _judge(
        self, answers: Mapping[str, Any], state: dict[str, Value], nature: Nature | None, named: bool
    ) -> list[Verdict]:
        rules = self._rules
        rank = min(rules.base_rank(state)[0], *(floor.rank(state) for floor in rules.floors))
        view = outlook(rules, state)
        verdicts = []
        for program in rules.programs:
            fit = fit_program(program, state, CLASSES[rank], view, nature, None, None)
            codes = tuple(dict.fromkeys(r.code for r in fit.reasons)) if fit.result is FitResult.EXCLUDED else ()
            missing = tuple(k for k in fit.ask if (not named if k == NATURE_KEY else k not in answers))
            verdicts.append(Verdict(fit.result.value, codes, fit.ask, missing))
        return verdicts
