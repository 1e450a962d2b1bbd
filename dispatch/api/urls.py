"""Addresses of the API, below /api/v1/. Ids are opaque; no address holds anything typed by or about a person,
except the label search of the gazetteer (see people.api)."""

from django.urls import path

from dispatch.api import alarms, assignments, calls, decisions, handoffs, incidents, reference, units
from people import api as places
from programs import api as programs

app_name = "api"

urlpatterns = [
    path("calls", calls.Calls.as_view(), name="calls"),
    path("calls/<uuid:id>/location", calls.CallLocation.as_view(), name="call_location"),
    path("calls/<uuid:id>/nature", calls.CallNature.as_view(), name="call_nature"),
    path("calls/<uuid:id>/answers", calls.CallAnswers.as_view(), name="call_answers"),
    path("calls/<uuid:id>/phone", calls.CallPhone.as_view(), name="call_phone"),
    path("calls/<uuid:id>/end", calls.CallEnd.as_view(), name="call_end"),
    path("calls/<uuid:id>/join", calls.CallJoin.as_view(), name="call_join"),
    path("incidents", incidents.Incidents.as_view(), name="incidents"),
    path("incidents/<uuid:id>", incidents.IncidentOne.as_view(), name="incident"),
    path("incidents/<uuid:id>/suggestion", incidents.IncidentSuggestion.as_view(), name="incident_suggestion"),
    path(
        "incidents/<uuid:id>/recommendation", incidents.IncidentRecommendation.as_view(), name="incident_recommendation"
    ),
    path("incidents/<uuid:id>/decision", decisions.IncidentDecision.as_view(), name="incident_decision"),
    path("incidents/<uuid:id>/notes", incidents.IncidentNotes.as_view(), name="incident_notes"),
    path("incidents/<uuid:id>/own", incidents.IncidentOwn.as_view(), name="incident_own"),
    path("incidents/<uuid:id>/hold", incidents.IncidentHold.as_view(), name="incident_hold"),
    path("incidents/<uuid:id>/close", incidents.IncidentClose.as_view(), name="incident_close"),
    path("incidents/<uuid:id>/priority", incidents.IncidentPriority.as_view(), name="incident_priority"),
    path("incidents/<uuid:id>/late-entry-confirm", incidents.IncidentLateEntry.as_view(), name="incident_late_entry"),
    path("incidents/<uuid:id>/handoffs", incidents.IncidentHandoffs.as_view(), name="incident_handoffs"),
    path("incidents/<uuid:id>/offers", incidents.IncidentOffers.as_view(), name="incident_offers"),
    path("decisions/<uuid:id>/second", decisions.DecisionSecond.as_view(), name="decision_second"),
    path("handoffs", handoffs.Handoffs.as_view(), name="handoffs"),
    path("handoffs/<uuid:id>/send", handoffs.HandoffSend.as_view(), name="handoff_send"),
    path("handoffs/<uuid:id>/acknowledge", handoffs.HandoffAcknowledge.as_view(), name="handoff_acknowledge"),
    path("handoffs/<uuid:id>/cancel", handoffs.HandoffCancel.as_view(), name="handoff_cancel"),
    path("units", units.Units.as_view(), name="units"),
    path("units/<uuid:id>/position", units.UnitPosition.as_view(), name="unit_position"),
    path("units/<uuid:id>/status", units.UnitStatus.as_view(), name="unit_status"),
    path("units/<uuid:id>/help", units.UnitHelp.as_view(), name="unit_help"),
    path("my/unit", units.MyUnit.as_view(), name="my_unit"),
    path("assignments/<uuid:id>/<str:action>", assignments.AssignmentAction.as_view(), name="assignment_action"),
    path("stage-orders/<uuid:id>/acknowledge", assignments.StageOrderAcknowledge.as_view(), name="stage_acknowledge"),
    path("stage-orders/<uuid:id>/lift", assignments.StageOrderLift.as_view(), name="stage_lift"),
    path("alarms", alarms.Alarms.as_view(), name="alarms"),
    path("alarms/<uuid:id>/take", alarms.AlarmTake.as_view(), name="alarm_take"),
    path("alarms/<uuid:id>/end", alarms.AlarmEnd.as_view(), name="alarm_end"),
    path("alarms/<uuid:id>/heard", alarms.AlarmHeard.as_view(), name="alarm_heard"),
    path("places", places.Places.as_view(), name="places"),
    path("places/search", places.PlacesSearch.as_view(), name="places_search"),
    path("natures", reference.Natures.as_view(), name="natures"),
    path("vocabulary", reference.Vocabulary.as_view(), name="vocabulary"),
    path("reasons", reference.Reasons.as_view(), name="reasons"),
    path("programs", programs.Programs.as_view(), name="programs"),
    path("suspensions", programs.Suspensions.as_view(), name="suspensions"),
    path("suspensions/<uuid:id>/ask-resume", programs.SuspensionAskResume.as_view(), name="suspension_ask_resume"),
    path("suspensions/<uuid:id>/resume", programs.SuspensionResume.as_view(), name="suspension_resume"),
]
