"""A stored decision run again: the same answers, protocol, programs and hours through the engine of today."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from dispatch.models import Decision
from dispatch.plan import plan_held, plan_of
from dispatch.selectors.cues import proposals_from
from dispatch.selectors.triage import suggest
from programs.models import ProgramVersion
from programs.selectors import PublishedPrograms
from triage import ENGINE_VERSION
from triage.results import Suggestion


class NotRepeatable(Exception):
    """A decision that stores too little to be run again; the text says what is missing."""


@dataclass(frozen=True)
class Redecision:
    """What running a decision again gave: `differs` names each place of the trace where it is not the same."""

    decision: Decision
    engine_now: str
    differs: tuple[str, ...]

    @property
    def same(self) -> bool:
        return not self.differs


def redecide(decision: Decision) -> Redecision:
    """Run a decision again from what it stores and compare the whole trace.

    Only immutable rows are read: the protocol version and program versions of then, whatever is published now. Raises
    NotRepeatable for a decision without a suggestion or from before its inputs were stored.
    """
    inputs = decision.on_screen.get("inputs")
    if not decision.trace:
        raise NotRepeatable("there was no suggestion: the call went out by standard dispatch")
    if not inputs or decision.protocol_version is None:
        raise NotRepeatable("its programs and hours were not stored at the time")
    found = ProgramVersion.objects.select_related("program").in_bulk([UUID(pk) for pk in inputs["programs"]])
    missing = [pk for pk in inputs["programs"] if UUID(pk) not in found]
    if missing:
        raise NotRepeatable(f"program versions are gone: {', '.join(missing)}")
    published = PublishedPrograms(
        tuple(found[UUID(pk)] for pk in inputs["programs"]),
        inputs["open_now"],
        inputs["covers"],
        inputs["suspended"],
    )
    again = suggest(decision.protocol_version, published, decision.answers, inputs["nature"])
    found_here = [*differences(decision.trace, again.to_dict()), *_held_again(decision, again)]
    return Redecision(decision, ENGINE_VERSION, tuple(found_here))


def _held_again(decision: Decision, suggestion: Suggestion) -> Iterator[str]:
    """What the cues on the screen held, held again: the same questions, the same plan. Older decisions store none."""
    stored = decision.on_screen.get("cues")
    if stored is None:
        return
    plan = plan_of(suggestion)
    proposals = proposals_from(stored)
    holding = proposals.hold(plan.response_class, decision.answers)
    keys = [cue.key for cue in holding]
    yield from differences(stored["hold"], keys, "on_screen.cues.hold")
    again = plan_held(plan, suggestion, keys, "").to_dict()
    # Its words are what a screen said in the language of its day; what would be sent is compared.
    yield from differences({**decision.on_screen["plan"], "words": ""}, {**again, "words": ""}, "on_screen.plan")


def differences(stored: Any, again: Any, path: str = "") -> Iterator[str]:
    """Each place where two JSON values differ, as `path: stored -> again`."""
    if isinstance(stored, dict) and isinstance(again, dict):
        for key in sorted({*stored, *again}):
            yield from differences(stored.get(key), again.get(key), f"{path}.{key}" if path else key)
    elif isinstance(stored, list | tuple) and isinstance(again, list | tuple):
        if len(stored) != len(again):
            yield f"{path}: {len(stored)} entries -> {len(again)} entries"
        for number, (one, other) in enumerate(zip(stored, again, strict=False)):
            yield from differences(one, other, f"{path}[{number}]")
    elif type(stored) is not type(again) or stored != again:
        yield f"{path}: {stored!r} -> {again!r}"
