"""One call as its call taker's card reads it: what was judged, the notes, and what became of it. Nothing else."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Prefetch

from accounts.models import User
from dispatch.access import audiences_of
from dispatch.models import Assignment, Decision, Handoff, Incident, NarrativeEntry, StageOrder
from dispatch.selectors.cues import Proposals, proposals_of
from dispatch.selectors.incident_rows import state_words
from dispatch.selectors.triage import Judged, judge
from dispatch.states import ASSIGNMENT_LIVE


@dataclass(frozen=True)
class CardFacts:
    """What the card of a call shows of its incident. `assignments` are live ones, each with its stage orders."""

    incident: Incident
    judged: Judged
    proposals: Proposals
    narrative: list[NarrativeEntry]
    waiting: Decision | None
    assignments: list[Assignment]
    handoffs: list[Handoff]

    @property
    def gone(self) -> bool:
        """Whether the incident has left the boards."""
        return self.incident.state in {"closed", "joined"}

    @property
    def state_words(self) -> str:
        """The incident's state in the words of the boards."""
        return state_words(self.incident, self.assignments, self.handoffs)


def card_facts(
    *, incident: Incident, viewer: User, at: datetime, judged: Judged | None = None, draft: str = ""
) -> CardFacts:
    """Read the card of an incident for a viewer; pass `judged` where this request has judged it already.

    Notes that the viewer may not read are left out, yet count for what the words propose. Crews and hand-offs are read
    only once it was sent.
    """
    allowed = audiences_of(viewer)
    notes = list(incident.narrative.select_related("words", "by").order_by("at", "id"))
    waiting = None
    assignments: list[Assignment] = []
    handoffs: list[Handoff] = []
    if incident.triaged or incident.sent_at is not None:
        waiting = incident.decisions.filter(state="waiting_second").first()
    if incident.sent_at is not None:
        assignments = list(
            incident.assignments.filter(state__in=ASSIGNMENT_LIVE)
            .select_related("unit")
            .prefetch_related(Prefetch("stage_orders", queryset=StageOrder.objects.filter(lifted_at__isnull=True)))
            .order_by("offered_at")
        )
        handoffs = list(incident.handoffs.exclude(state="cancelled").order_by("opened_at"))
    return CardFacts(
        incident=incident,
        judged=judged or judge(incident=incident, at=at, known=viewer),
        proposals=proposals_of(incident, notes=notes, draft=draft),
        narrative=[note for note in notes if note.audience in allowed],
        waiting=waiting,
        assignments=assignments,
        handoffs=handoffs,
    )
