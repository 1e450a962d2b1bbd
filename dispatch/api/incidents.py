"""Incidents: lists, the whole of one, and what the floor does with it."""

from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from accounts.access import DISPATCHING, FLOOR, has_role
from accounts.api import CentreView, described
from accounts.models import Role
from accounts.problems import Refused
from accounts.services import audit
from dispatch import choice
from dispatch.access import audiences_written, incident_for, unit_to_send
from dispatch.api.calls import INTAKE
from dispatch.api.inputs import (
    ApartSerializer,
    CloseSerializer,
    CueSerializer,
    HandoffRequestSerializer,
    HoldSerializer,
    NoteSerializer,
    OfferSerializer,
    PrioritySerializer,
    ReopenSerializer,
)
from dispatch.api.outputs import (
    AssignmentSerializer,
    HandoffSerializer,
    IncidentSerializer,
    NoteOutSerializer,
    SuggestionSerializer,
)
from dispatch.api.rows import (
    IncidentDetailSerializer,
    IncidentPageSerializer,
    IncidentRowSerializer,
    RecommendationSerializer,
)
from dispatch.api.show import assignment_shown, handoff_shown, incident_shown, suggestion_shown
from dispatch.api.transfer_bodies import CallbackSerializer, ExtendSerializer
from dispatch.models import Incident, NarrativeEntry
from dispatch.reasons import NO_UNIT, words
from dispatch.selectors.cues import proposals_of
from dispatch.selectors.engine_facts import recommend_for, units_with_facts
from dispatch.selectors.incident import incident_detail, incidents_page
from dispatch.selectors.incident_rows import incident_rows
from dispatch.selectors.triage import judge
from dispatch.services.callbacks import callback_attempt
from dispatch.services.closing import incident_close, incident_reopen
from dispatch.services.cues import cue_dismiss
from dispatch.services.handoffs import handoff_request
from dispatch.services.incidents import incident_hold, late_entry_confirm, owner_take, priority_set
from dispatch.services.narrative import note_add
from dispatch.services.offers import assignment_offer
from dispatch.services.parting import duplicate_apart
from dispatch.services.promise import callback_note, promise_extend
from dispatch.states import ASSIGNMENT_LIVE

READERS = frozenset({*FLOOR, Role.AUDITOR})
MOST_PER_PAGE = 200


class Incidents(CentreView):
    """Lists."""

    permission_classes = [has_role(*READERS)]

    @described(
        "incidents_list",
        "incidents",
        IncidentPageSerializer,
        query={
            "open": "1 (default): open ones, oldest first; 0: closed ones, newest first",
            "limit": "1 to 200, default 50",
            "cursor": "`next` of the page before",
        },
    )
    def get(self, request: Request) -> Response:
        """Incidents in order of their numbers: a walk over all pages meets each once, whatever arrives meanwhile."""
        limit = self.number("limit", 50, least=1, most=MOST_PER_PAGE)
        cursor = self.number("cursor", 0, least=0, most=999_999_999)
        page = incidents_page(centre=self.centre, is_open=self.flag("open", True), after=cursor, limit=limit)
        rows = {
            row.id: row for row in incident_rows(centre=self.centre, at=self.at, ids=[pk for pk, _ in page[:limit]])
        }
        results = [rows[str(pk)] for pk, _ in page[:limit]]
        following = str(page[limit - 1][1]) if len(page) > limit else None
        return Response({"results": IncidentRowSerializer(results, many=True).data, "next": following})


class IncidentView(CentreView):
    """One incident."""

    def incident(self, id: UUID, *, change: bool = True) -> Incident:
        return incident_for(self.person, id, change=change)


class IncidentOne(IncidentView):
    """The whole of one."""

    permission_classes = [has_role(*READERS)]

    @described("incidents_read", "incidents", IncidentDetailSerializer)
    def get(self, request: Request, id: UUID) -> Response:
        """For the floor and for an auditor; a crew reads its work in /my/unit. The reading goes into the audit."""
        incident = self.incident(id, change=False)
        detail = incident_detail(incident=incident, viewer=self.person, at=self.at)
        audit(
            action="incident.read",
            at=self.at,
            by=self.person,
            centre=self.centre,
            entity="incident",
            entity_id=incident.pk,
        )
        numbers = has_role(*FLOOR)().has_permission(request, self)
        return Response(IncidentDetailSerializer(detail, context={"numbers": numbers}).data)


class IncidentSuggestion(IncidentView):
    """What triage says."""

    permission_classes = [has_role(*READERS)]

    @described("incidents_suggestion", "incidents", SuggestionSerializer)
    def get(self, request: Request, id: UUID) -> Response:
        """The suggestion as of now, from all calls and crews."""
        return suggestion_shown(self.incident(id, change=False).pk, self.at)


class IncidentRecommendation(IncidentView):
    """Which unit should go."""

    permission_classes = [has_role(*FLOOR)]

    @described("incidents_recommendation", "incidents", RecommendationSerializer)
    def get(self, request: Request, id: UUID) -> Response:
        """Every unit with its points, reasons and shortfalls; before a decision, for the program it would choose."""
        incident = self.incident(id)
        version = incident.program_version
        if version is None:
            judged = judge(incident=incident, at=self.at)
            if judged.suggestion is not None and judged.published is not None:
                plan, _ = choice.held(choice.suggested(judged, incident), judged, proposals_of(incident))
                version = judged.published.by_slug(plan.program)
        units = units_with_facts(self.centre, at=self.at)
        said = recommend_for(incident, units=units, at=self.at, version=version)
        body = {
            "program": version.program.slug if version is not None else "",
            "results": [{**case.to_dict(), "can_go": case.can_go} for case in said.candidates],
            "no_unit_reason": said.no_unit_reason,
            "no_unit": words(NO_UNIT, said.no_unit_reason) if said.no_unit_reason else "",
        }
        return Response(RecommendationSerializer(body).data)


class IncidentNotes(IncidentView):
    """Notes."""

    permission_classes = [has_role(*FLOOR, Role.RESPONDER)]

    @described("incidents_notes", "incidents", NoteOutSerializer, body=NoteSerializer, status=201, again=True)
    def post(self, request: Request, id: UUID) -> Response:
        """Append a note; a crew's notes are marked as such. The same id is one note."""
        incident, data = self.incident(id), self.checked(NoteSerializer)
        if data["audience"] not in audiences_written(self.person):
            raise Refused("audience_not_yours", "You do not write notes for this audience.", field="audience")
        note_id, call_id = self.create_id(data.pop("id", None)), data.pop("call", None)
        call = incident.calls.filter(pk=call_id).first() if call_id is not None else None
        if call_id is not None and call is None:
            raise Refused("call_elsewhere", "This call is not of this incident.", field="call")
        reached, callback = data.pop("reached"), data.pop("callback")
        if callback and call is not None and call.state == "ended" and has_role(*FLOOR)().has_permission(request, self):
            said = {"text": data["text"], "device_at": data.get("device_at")}
            callback_attempt(id=note_id, call=call, reached=reached, by=self.person, at=self.at, **said)
            note = NarrativeEntry.objects.get(pk=note_id)
            return Response(NoteOutSerializer(note).data, status=201 if note.at == self.at else 200)
        kind = NarrativeEntry.Kind.CALLBACK if callback else NarrativeEntry.Kind.NOTE
        if not has_role(*FLOOR)().has_permission(request, self):
            kind = NarrativeEntry.Kind.CREW
        note = note_add(id=note_id, incident=incident, call=call, kind=kind, by=self.person, at=self.at, **data)
        return Response(NoteOutSerializer(note).data, status=201 if note.at == self.at else 200)


class IncidentCueDismiss(IncidentView):
    """Words that mean no danger."""

    permission_classes = [has_role(*FLOOR)]

    @described("incidents_cue_dismiss", "incidents", SuggestionSerializer, body=CueSerializer)
    def post(self, request: Request, id: UUID) -> Response:
        """Say that words of the notes do not mean a danger; who said so and when is kept. Twice is once."""
        incident = self.incident(id)
        cue_dismiss(incident=incident, mark=self.checked(CueSerializer)["mark"], by=self.person, at=self.at)
        return suggestion_shown(incident.pk, self.at)


class IncidentApart(IncidentView):
    """Not the same."""

    permission_classes = [has_role(*INTAKE)]

    @described("incidents_apart", "incidents", IncidentSerializer, body=ApartSerializer)
    def post(self, request: Request, id: UUID) -> Response:
        """Say that another incident is a different one: neither is suggested for the other any more. Twice is once."""
        incident, data = self.incident(id), self.checked(ApartSerializer)
        duplicate_apart(incident=incident, other=self.incident(data["other"]), by=self.person, at=self.at)
        return incident_shown(incident.pk)


class IncidentOwn(IncidentView):
    """Mine."""

    permission_classes = [has_role(*FLOOR)]

    @described("incidents_own", "incidents", IncidentSerializer)
    def post(self, request: Request, id: UUID) -> Response:
        """Take the incident over; the one who had it reads so."""
        return incident_shown(owner_take(incident=self.incident(id), by=self.person, at=self.at).pk)


class IncidentHold(IncidentView):
    """Hold."""

    permission_classes = [has_role(*DISPATCHING)]

    @described("incidents_hold", "incidents", IncidentSerializer, body=HoldSerializer)
    def post(self, request: Request, id: UUID) -> Response:
        """Hold until a callback time within four hours; barred while suicidal or not triaged."""
        incident, data = self.incident(id), self.checked(HoldSerializer)
        return incident_shown(incident_hold(incident=incident, by=self.person, at=self.at, **data).pk)


class IncidentExtend(IncidentView):
    """The promise takes longer."""

    permission_classes = [has_role(*DISPATCHING)]

    @described("incidents_extend", "incidents", IncidentSerializer, body=ExtendSerializer, again=True)
    def post(self, request: Request, id: UUID) -> Response:
        """Give the promise a later end, with a coded reason: twice at most, never by more than the promise itself."""
        incident, data = self.incident(id), self.checked(ExtendSerializer)
        made = self.create_id(data.pop("id", None))
        return incident_shown(promise_extend(id=made, incident=incident, by=self.person, at=self.at, **data).pk)


class IncidentCallback(IncidentView):
    """The caller was called back."""

    permission_classes = [has_role(*FLOOR)]

    @described("incidents_callback", "incidents", NoteOutSerializer, body=CallbackSerializer, status=201, again=True)
    def post(self, request: Request, id: UUID) -> Response:
        """Reached or not, and what was said. Reaching the caller ends what was owed to them."""
        incident, data = self.incident(id), self.checked(CallbackSerializer)
        made = self.create_id(data.pop("id", None))
        note = callback_note(id=made, incident=incident, by=self.person, at=self.at, **data)
        return Response(NoteOutSerializer(note).data, status=201 if note.at == self.at else 200)


class IncidentClose(IncidentView):
    """Close."""

    permission_classes = [has_role(*DISPATCHING)]

    @described("incidents_close", "incidents", IncidentSerializer, body=CloseSerializer)
    def post(self, request: Request, id: UUID) -> Response:
        """Close with an outcome; not while a crew is assigned or a hand-off waits."""
        incident, data = self.incident(id), self.checked(CloseSerializer)
        return incident_shown(incident_close(incident=incident, by=self.person, at=self.at, **data).pk)


class IncidentReopen(IncidentView):
    """Reopen."""

    permission_classes = [has_role(*DISPATCHING)]

    @described("incidents_reopen", "incidents", IncidentSerializer, body=ReopenSerializer)
    def post(self, request: Request, id: UUID) -> Response:
        """It was not over: open again, first of its priority, to be decided anew."""
        incident, data = self.incident(id), self.checked(ReopenSerializer)
        return incident_shown(incident_reopen(incident=incident, by=self.person, at=self.at, **data).pk)


class IncidentPriority(IncidentView):
    """Priority."""

    permission_classes = [has_role(*FLOOR)]

    @described("incidents_priority", "incidents", IncidentSerializer, body=PrioritySerializer)
    def post(self, request: Request, id: UUID) -> Response:
        """Set it; less urgent needs a reason."""
        incident, data = self.incident(id), self.checked(PrioritySerializer)
        return incident_shown(priority_set(incident=incident, by=self.person, at=self.at, **data).pk)


class IncidentLateEntry(IncidentView):
    """A late entry that is still live."""

    permission_classes = [has_role(*FLOOR)]

    @described("incidents_late_entry_confirm", "incidents", IncidentSerializer)
    def post(self, request: Request, id: UUID) -> Response:
        """Say that it is still live; only then is it offered to a unit."""
        return incident_shown(late_entry_confirm(incident=self.incident(id), by=self.person, at=self.at).pk)


class IncidentHandoffs(IncidentView):
    """Police, EMS, fire."""

    permission_classes = [has_role(*DISPATCHING)]

    @described("incidents_handoffs", "incidents", HandoffSerializer, body=HandoffRequestSerializer, status=201)
    def post(self, request: Request, id: UUID) -> Response:
        """Ask a service to take the incident or to come as well. One that is open for the service is used."""
        incident, data = self.incident(id), self.checked(HandoffRequestSerializer)
        return handoff_shown(handoff_request(incident=incident, by=self.person, at=self.at, **data).pk, status=201)


class IncidentOffers(IncidentView):
    """A dispatcher's own choice."""

    permission_classes = [has_role(*DISPATCHING)]

    @described("incidents_offers", "incidents", AssignmentSerializer, body=OfferSerializer, status=201, again=True)
    def post(self, request: Request, id: UUID) -> Response:
        """Offer the incident to a unit of one's choice. Its shortfalls are kept and shown, not refused."""
        incident, data = self.incident(id), self.checked(OfferSerializer)
        unit = unit_to_send(self.person, data["unit"])
        standing = incident.assignments.filter(unit=unit, slot=data["slot"], state__in=ASSIGNMENT_LIVE).first()
        if standing is not None:
            return assignment_shown(standing.pk)
        made = assignment_offer(incident=incident, unit=unit, slot=data["slot"], by=self.person, at=self.at)
        return assignment_shown(made.pk, status=201)
