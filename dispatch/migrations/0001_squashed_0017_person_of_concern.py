"""All tables of calls, incidents, assignments and all that happens to them, as one step for a new database.

A database that has taken the steps that this replaces counts it as taken. To be read beside the models.
"""

import uuid

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.text
from django.conf import settings
from django.db import migrations, models

FORWARD = """
CREATE FUNCTION only_columns_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (to_jsonb(OLD) - TG_ARGV::text[]) IS DISTINCT FROM (to_jsonb(NEW) - TG_ARGV::text[]) THEN
        RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER history_change BEFORE UPDATE OR DELETE ON dispatch_historyrow
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER answer_change BEFORE UPDATE ON dispatch_answer
    FOR EACH ROW EXECUTE FUNCTION only_columns_change('incident_id');
CREATE TRIGGER answer_delete BEFORE DELETE ON dispatch_answer FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER location_change BEFORE UPDATE ON dispatch_locationentry
    FOR EACH ROW EXECUTE FUNCTION only_columns_change('incident_id', 'place_id');
CREATE TRIGGER location_delete BEFORE DELETE ON dispatch_locationentry FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER narrative_change BEFORE UPDATE ON dispatch_narrativeentry
    FOR EACH ROW EXECUTE FUNCTION only_columns_change('incident_id', 'struck_at', 'struck_by_id');
CREATE TRIGGER narrative_delete BEFORE DELETE ON dispatch_narrativeentry FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER decision_change BEFORE UPDATE ON dispatch_decision
    FOR EACH ROW EXECUTE FUNCTION only_columns_change('state', 'second_by_id', 'second_at');
CREATE TRIGGER decision_delete BEFORE DELETE ON dispatch_decision FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER call_delete BEFORE DELETE ON dispatch_call FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER incident_delete BEFORE DELETE ON dispatch_incident FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER assignment_delete BEFORE DELETE ON dispatch_assignment FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER handoff_delete BEFORE DELETE ON dispatch_handoff FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER stage_order_delete BEFORE DELETE ON dispatch_stageorder FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER alarm_delete BEFORE DELETE ON dispatch_alarm FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER review_change BEFORE UPDATE ON dispatch_reviewitem
    FOR EACH ROW EXECUTE FUNCTION only_columns_change('reviewed_at', 'reviewed_by_id', 'note');
CREATE TRIGGER review_delete BEFORE DELETE ON dispatch_reviewitem FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER transfer_delete BEFORE DELETE ON dispatch_transfer FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER cue_dismissal_change BEFORE UPDATE OR DELETE ON dispatch_cuedismissal
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER callback_attempt_change BEFORE UPDATE OR DELETE ON dispatch_callbackattempt
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER address_follow_up_change BEFORE UPDATE OR DELETE ON dispatch_addressfollowup
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER call_handover_change BEFORE UPDATE ON dispatch_callhandover
    FOR EACH ROW EXECUTE FUNCTION only_columns_change('answer', 'answered_at');
CREATE TRIGGER call_handover_delete BEFORE DELETE ON dispatch_callhandover
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER visit_change BEFORE UPDATE ON dispatch_visit
    FOR EACH ROW WHEN (OLD.state = 'booked')
    EXECUTE FUNCTION only_columns_change('state', 'unit_id', 'starts_at', 'ends_at', 'ended_at', 'incident_id', 'version');
CREATE TRIGGER visit_ended_change BEFORE UPDATE ON dispatch_visit
    FOR EACH ROW WHEN (OLD.state <> 'booked') EXECUTE FUNCTION refuse_change();
CREATE TRIGGER visit_delete BEFORE DELETE ON dispatch_visit FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER crew_report_change BEFORE UPDATE OR DELETE ON dispatch_crewreport
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER console_post_change BEFORE UPDATE OR DELETE ON dispatch_consolepost
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
"""

BACKWARD = """
DROP TRIGGER history_change ON dispatch_historyrow;
DROP TRIGGER answer_change ON dispatch_answer;
DROP TRIGGER answer_delete ON dispatch_answer;
DROP TRIGGER location_change ON dispatch_locationentry;
DROP TRIGGER location_delete ON dispatch_locationentry;
DROP TRIGGER narrative_change ON dispatch_narrativeentry;
DROP TRIGGER narrative_delete ON dispatch_narrativeentry;
DROP TRIGGER decision_change ON dispatch_decision;
DROP TRIGGER decision_delete ON dispatch_decision;
DROP TRIGGER call_delete ON dispatch_call;
DROP TRIGGER incident_delete ON dispatch_incident;
DROP TRIGGER assignment_delete ON dispatch_assignment;
DROP TRIGGER handoff_delete ON dispatch_handoff;
DROP TRIGGER stage_order_delete ON dispatch_stageorder;
DROP TRIGGER alarm_delete ON dispatch_alarm;
DROP TRIGGER review_change ON dispatch_reviewitem;
DROP TRIGGER review_delete ON dispatch_reviewitem;
DROP TRIGGER transfer_delete ON dispatch_transfer;
DROP TRIGGER cue_dismissal_change ON dispatch_cuedismissal;
DROP TRIGGER callback_attempt_change ON dispatch_callbackattempt;
DROP TRIGGER address_follow_up_change ON dispatch_addressfollowup;
DROP TRIGGER call_handover_change ON dispatch_callhandover;
DROP TRIGGER call_handover_delete ON dispatch_callhandover;
DROP TRIGGER visit_change ON dispatch_visit;
DROP TRIGGER visit_ended_change ON dispatch_visit;
DROP TRIGGER visit_delete ON dispatch_visit;
DROP TRIGGER crew_report_change ON dispatch_crewreport;
DROP TRIGGER console_post_change ON dispatch_consolepost;
DROP FUNCTION only_columns_change();
"""


class Migration(migrations.Migration):
    replaces = [
        ("dispatch", "0001_initial"),
        ("dispatch", "0002_forbidden_changes"),
        ("dispatch", "0003_crew_life"),
        ("dispatch", "0004_transfer"),
        ("dispatch", "0005_cue_dismissal"),
        ("dispatch", "0006_recommendation"),
        ("dispatch", "0007_decision_by_time"),
        ("dispatch", "0008_hot_indexes"),
        ("dispatch", "0009_practice"),
        ("dispatch", "0010_call_care"),
        ("dispatch", "0011_boards"),
        ("dispatch", "0012_version_not_live"),
        ("dispatch", "0013_visits"),
        ("dispatch", "0014_crew_report"),
        ("dispatch", "0015_console_posts"),
        ("dispatch", "0016_call_drafts"),
        ("dispatch", "0017_person_of_concern"),
    ]

    initial = True

    dependencies = [
        ("accounts", "0001_squashed_0009_queue_map"),
        ("people", "0001_squashed_0006_safety_profile"),
        ("programs", "0001_squashed_0006_protocol_editors"),
        ("responders", "0001_squashed_0006_plain_clothes"),
    ]

    operations = [
        migrations.CreateModel(
            name="HandoffTarget",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("988", "988"),
                            ("211", "211"),
                            ("311", "311"),
                            ("other_centre", "Another centre"),
                            ("police", "Police"),
                            ("ems", "EMS"),
                            ("fire", "Fire"),
                        ],
                        max_length=12,
                    ),
                ),
                ("name", models.CharField(max_length=80)),
                ("phone", models.CharField(help_text="as it is dialled", max_length=24)),
                ("active", models.BooleanField(default=True)),
                (
                    "tested_at",
                    models.DateTimeField(blank=True, help_text="when somebody last called it to try it", null=True),
                ),
                (
                    "answered_at",
                    models.DateTimeField(blank=True, help_text="when such a call was last answered", null=True),
                ),
                (
                    "centre",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="handoff_targets",
                        to="accounts.centre",
                    ),
                ),
                (
                    "tested_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["kind", "name"],
                "constraints": [
                    models.UniqueConstraint(fields=("centre", "kind", "name"), name="target_once_per_centre"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("kind__in", ["988", "211", "311", "other_centre", "police", "ems", "fire"])
                        ),
                        name="target_kind_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("phone", ""), _negated=True), models.Q(("name", ""), _negated=True)
                        ),
                        name="target_has_a_name_and_a_number",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("answered_at__isnull", True), ("tested_at__gte", models.F("answered_at")), _connector="OR"
                        ),
                        name="target_answered_when_tested",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Handover",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("offered", "offered"),
                            ("accepted", "accepted"),
                            ("declined", "declined"),
                            ("withdrawn", "withdrawn"),
                            ("taken", "taken"),
                        ],
                        default="offered",
                        max_length=9,
                    ),
                ),
                (
                    "note",
                    models.CharField(
                        blank=True, help_text="what the relief should know besides the list", max_length=400
                    ),
                ),
                ("reason", models.CharField(blank=True, help_text="coded; why a supervisor took it", max_length=20)),
                ("offered_at", models.DateTimeField()),
                ("read_at", models.DateTimeField(blank=True, help_text="when the relief opened the list", null=True)),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                (
                    "centre",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="handovers", to="accounts.centre"
                    ),
                ),
                (
                    "from_user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="handovers_given",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "to_user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="handovers_received",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["-offered_at"],
                "indexes": [
                    models.Index(condition=models.Q(("state", "offered")), fields=["to_user"], name="handover_waiting")
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state", "offered")),
                        fields=("from_user",),
                        name="one_handover_offered_at_a_time",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("from_user", models.F("to_user")), _negated=True),
                        name="handover_relief_is_another",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("ended_at__isnull", True), ("state", "offered")),
                            models.Q(
                                ("ended_at__isnull", False),
                                ("state__in", ["accepted", "declined", "withdrawn", "taken"]),
                            ),
                            _connector="OR",
                        ),
                        name="handover_end_is_whole",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "accepted"), _negated=True), ("read_at__isnull", False), _connector="OR"
                        ),
                        name="handover_read_before_accepted",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "taken"), _negated=True),
                            models.Q(("reason", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="handover_taken_has_a_reason",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="HistoryRow",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("incident_id", models.UUIDField(null=True)),
                ("entity", models.CharField(max_length=16)),
                ("entity_id", models.UUIDField()),
                ("action", models.CharField(max_length=32)),
                ("from_state", models.CharField(blank=True, max_length=16)),
                ("to_state", models.CharField(blank=True, max_length=16)),
                ("at", models.DateTimeField()),
                ("device_at", models.DateTimeField(null=True)),
                ("reason", models.CharField(blank=True, max_length=80)),
                ("detail", models.JSONField(default=dict)),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "centre",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.centre"
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["incident_id", "id"], name="history_by_incident"),
                    models.Index(fields=["entity", "entity_id", "id"], name="history_by_entity"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Incident",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("number", models.PositiveIntegerField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "open"),
                            ("triaged", "triaged"),
                            ("pending", "pending"),
                            ("assigned", "assigned"),
                            ("on_scene", "on_scene"),
                            ("transferred", "transferred"),
                            ("returned", "returned"),
                            ("held", "held"),
                            ("closed", "closed"),
                            ("joined", "joined"),
                        ],
                        default="open",
                        max_length=12,
                    ),
                ),
                ("nature", models.CharField(blank=True, max_length=40)),
                ("priority", models.PositiveSmallIntegerField(default=2)),
                ("triaged", models.BooleanField(default=False, help_text="a person has answered a safety question")),
                (
                    "response_class",
                    models.CharField(blank=True, help_text="as decided by a person; empty before", max_length=20),
                ),
                (
                    "owner_role",
                    models.CharField(
                        choices=[
                            ("call_taker", "Call taker"),
                            ("dispatcher", "Dispatcher"),
                            ("clinician", "Clinician"),
                            ("responder", "Responder"),
                            ("supervisor", "Supervisor"),
                            ("program_administrator", "Program administrator"),
                            ("system_administrator", "System administrator"),
                            ("analyst", "Analyst"),
                            ("auditor", "Auditor"),
                        ],
                        default="call_taker",
                        max_length=24,
                    ),
                ),
                ("opened_at", models.DateTimeField()),
                ("sent_at", models.DateTimeField(blank=True, help_text="when a person sent it", null=True)),
                (
                    "promise_at",
                    models.DateTimeField(blank=True, help_text="end of the program's maximum wait", null=True),
                ),
                ("held_until", models.DateTimeField(blank=True, null=True)),
                ("offer_wanted", models.BooleanField(default=False, help_text="the engine looks for a unit")),
                (
                    "risen_at",
                    models.DateTimeField(
                        blank=True,
                        help_text="danger rose after sending: no further offers until a person decides again",
                        null=True,
                    ),
                ),
                ("closed_at", models.DateTimeField(blank=True, null=True)),
                ("outcome", models.CharField(blank=True, max_length=40)),
                ("not_diverted_reason", models.CharField(blank=True, max_length=40)),
                (
                    "no_unit_reason",
                    models.CharField(blank=True, help_text="coded, while pending and nobody can go", max_length=40),
                ),
                ("no_unit_detail", models.JSONField(blank=True, default=list)),
                ("late", models.BooleanField(default=False)),
                ("version", models.PositiveIntegerField(default=1)),
                (
                    "centre",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="incidents", to="accounts.centre"
                    ),
                ),
                (
                    "joined_into",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="joined",
                        to="dispatch.incident",
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="incidents_owned",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "program_version",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="incidents",
                        to="programs.programversion",
                    ),
                ),
                (
                    "ask_again_at",
                    models.DateTimeField(
                        blank=True, help_text="it has waited long: the safety questions are asked again", null=True
                    ),
                ),
                (
                    "promise_extended",
                    models.PositiveSmallIntegerField(default=0, help_text="how often a person extended this promise"),
                ),
                ("promise_from", models.DateTimeField(blank=True, help_text="when the promised wait began", null=True)),
                (
                    "top_at",
                    models.DateTimeField(
                        blank=True,
                        help_text="came back or was dropped: first of its priority until somebody has it",
                        null=True,
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("offer_wanted", True)),
                        fields=["centre", "priority", "sent_at"],
                        name="incident_queue",
                    ),
                    models.Index(
                        condition=models.Q(("state__in", ["closed", "joined"]), _negated=True),
                        fields=["centre", "priority", "opened_at"],
                        name="incident_live",
                    ),
                    models.Index(fields=["centre", "-closed_at"], name="incident_closed"),
                    models.Index(
                        condition=models.Q(("sent_at__isnull", False)),
                        fields=["centre", "sent_at"],
                        name="incident_sent",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("centre", "number"), name="incident_number_once_per_centre"),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "state__in",
                                (
                                    "open",
                                    "triaged",
                                    "pending",
                                    "assigned",
                                    "on_scene",
                                    "transferred",
                                    "returned",
                                    "held",
                                    "closed",
                                    "joined",
                                ),
                            )
                        ),
                        name="incident_state_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("priority__range", (1, 4))), name="incident_priority_1_to_4"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "response_class__in",
                                ["", "emergency", "co_response", "mobile_team", "tele_clinician", "outreach_followup"],
                            )
                        ),
                        name="incident_class_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "closed"), _negated=True),
                            models.Q(("closed_at__isnull", False), models.Q(("outcome", ""), _negated=True)),
                            _connector="OR",
                        ),
                        name="incident_closes_with_an_outcome",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "held"), _negated=True), ("held_until__isnull", False), _connector="OR"
                        ),
                        name="incident_hold_has_an_end",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("joined_into__isnull", False), ("state", "joined")),
                            models.Q(models.Q(("state", "joined"), _negated=True), ("joined_into__isnull", True)),
                            _connector="OR",
                        ),
                        name="incident_joined_names_its_other",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("offer_wanted", False), models.Q(("response_class", ""), _negated=True), _connector="OR"
                        ),
                        name="incident_offers_follow_a_decision",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("offer_wanted", False), ("risen_at__isnull", True), _connector="OR"),
                        name="incident_risen_offers_nobody",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Alarm",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("panic", "Crew needs help"),
                            ("stage_unacknowledged", "Crew has not read the stage order"),
                            ("handoff_unacknowledged", "Hand-off not acknowledged: phone them"),
                            ("promise_warning", "Promise runs out"),
                            ("promise_broken", "Promise broken"),
                            ("no_unit", "No unit can go"),
                            ("returned", "Returned to 911"),
                            ("rising_risk", "Danger rose after sending"),
                            ("engine_error", "No suggestion: use standard dispatch"),
                            ("second_person", "A less cautious choice waits for you"),
                            ("silent_console", "A console went silent with open calls"),
                            ("dropped_call", "Dropped call: call back"),
                            ("hold_over", "Hold is over: call back"),
                            ("late_entry", "Late entry: is it still live?"),
                            ("backup_urgent", "Crew wants backup now"),
                            ("backup", "Crew asks for backup, no hurry"),
                            ("not_answering", "Unit is not answering: safety check by radio"),
                            ("safety_check", "Crew has not said it is OK: call them"),
                            ("stuck_status", "Unit long in one status: ask them"),
                            ("caution_unread", "Crew has not read a new hazard"),
                            ("pair_broken", "One half of a co-response fell out"),
                            ("primary_gone", "Primary unit has left: choose who leads"),
                            ("police_no_release", "Police do not release the scene"),
                            ("clinician_unavailable", "No clinician is available"),
                            ("returned_by_988", "988 hands the call back"),
                            ("transfer_dropped", "Transfer dropped: who has the caller?"),
                            ("transfer_unanswered", "Nobody answers the transfer"),
                            ("transfer_back", "A transfer came back"),
                            ("team_asked", "The clinician asks for a team"),
                            ("word_owed", "Tell the sender: reached or not"),
                            ("handoff_declined", "Hand-off declined: somebody must go"),
                            ("ask_again", "Waiting long: ask again"),
                            ("call_back", "Tell the caller the new time"),
                            ("choose_unit", "Asking took its time: choose a unit"),
                            ("preempted", "Its unit was taken for a more urgent call"),
                            ("program_uncovered", "Program is open and has no unit on duty"),
                            ("position_stale", "Unit's position is old: ask where they are"),
                            ("service_silent", "A part of the system is silent"),
                            ("callback_due", "Call back as promised"),
                            ("cancel_asked", "Caller cancels: decide"),
                            ("version_not_live", "An approved version did not go live"),
                            ("place_changed", "The place changed after sending: tell the crew"),
                            ("visit_due", "A booked visit cannot go as booked: decide"),
                            ("call_locked", "A call is locked by a frozen process: offers for it wait"),
                        ],
                        max_length=24,
                    ),
                ),
                (
                    "subject",
                    models.CharField(
                        help_text="what it is about, so that the same alarm is not raised twice", max_length=60
                    ),
                ),
                (
                    "urgent",
                    models.BooleanField(default=False, help_text="act now: the only alarms that are red and sound"),
                ),
                ("detail", models.JSONField(default=dict)),
                ("opened_at", models.DateTimeField()),
                (
                    "owner_role",
                    models.CharField(
                        choices=[
                            ("call_taker", "Call taker"),
                            ("dispatcher", "Dispatcher"),
                            ("clinician", "Clinician"),
                            ("responder", "Responder"),
                            ("supervisor", "Supervisor"),
                            ("program_administrator", "Program administrator"),
                            ("system_administrator", "System administrator"),
                            ("analyst", "Analyst"),
                            ("auditor", "Auditor"),
                        ],
                        max_length=24,
                    ),
                ),
                ("escalated_at", models.DateTimeField(blank=True, null=True)),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                ("end_note", models.CharField(blank=True, max_length=160)),
                ("version", models.PositiveIntegerField(default=1)),
                (
                    "centre",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="alarms", to="accounts.centre"
                    ),
                ),
                (
                    "ended_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "unit",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="alarms",
                        to="responders.unit",
                    ),
                ),
                (
                    "incident",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="alarms",
                        to="dispatch.incident",
                    ),
                ),
            ],
            options={
                "ordering": ["-urgent", "opened_at"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("ended_at__isnull", True)),
                        fields=["centre", "opened_at"],
                        name="alarm_open",
                    ),
                    models.Index(fields=["subject", "kind"], name="alarm_by_subject"),
                    models.Index(fields=["centre", "opened_at"], name="alarm_by_time"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("ended_at__isnull", True)),
                        fields=("kind", "subject"),
                        name="alarm_once_while_open",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("ended_at__isnull", False), ("kind", "panic"), _negated=True),
                            ("ended_by__isnull", False),
                            _connector="OR",
                        ),
                        name="panic_ends_only_by_a_person",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("ended_at__isnull", False), ("kind", "backup_urgent"), _negated=True),
                            ("ended_by__isnull", False),
                            _connector="OR",
                        ),
                        name="urgent_backup_ends_only_by_a_person",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Call",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "channel",
                    models.CharField(
                        choices=[
                            ("911", "911"),
                            ("text_911", "Text to 911"),
                            ("relay_911", "Relay"),
                            ("non_emergency", "Non-emergency"),
                            ("311", "311"),
                            ("211", "211"),
                            ("988", "988"),
                            ("988_handoff", "988 hand-off"),
                            ("police_on_view", "Police on view"),
                            ("police_referral", "Police referral"),
                            ("ems_referral", "EMS referral"),
                            ("radio_unit", "Unit by radio"),
                            ("court_order", "Court order"),
                            ("partner_agency", "Partner agency"),
                            ("self_referral", "Self referral"),
                            ("system_task", "System task"),
                        ],
                        default="911",
                        max_length=16,
                    ),
                ),
                (
                    "state",
                    models.CharField(choices=[("open", "Open"), ("ended", "Ended")], default="open", max_length=8),
                ),
                (
                    "ended_as",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("completed", "completed"),
                            ("dropped", "dropped"),
                            ("abandoned", "abandoned"),
                            ("silent", "silent"),
                            ("transferred", "transferred"),
                            ("misdial", "misdial"),
                            ("test", "test"),
                        ],
                        max_length=12,
                    ),
                ),
                ("phone_confirmed", models.BooleanField(default=False)),
                (
                    "local_nature",
                    models.CharField(blank=True, help_text="as the source system wrote it", max_length=120),
                ),
                (
                    "external_id",
                    models.CharField(blank=True, help_text="number in the system it was imported from", max_length=80),
                ),
                (
                    "late",
                    models.BooleanField(default=False, help_text="reached the server over 60 s after it was taken"),
                ),
                ("received_at", models.DateTimeField(help_text="server time")),
                (
                    "device_at",
                    models.DateTimeField(blank=True, help_text="the console's own time, when it differs", null=True),
                ),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                (
                    "centre",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="calls", to="accounts.centre"
                    ),
                ),
                (
                    "created_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="calls_owned",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "phone",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="calls",
                        to="people.phone",
                    ),
                ),
                (
                    "incident",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="calls", to="dispatch.incident"
                    ),
                ),
                (
                    "parked_at",
                    models.DateTimeField(
                        blank=True, help_text="put aside by its call taker, still on the line", null=True
                    ),
                ),
                (
                    "promised_at",
                    models.DateTimeField(
                        blank=True, help_text="when the caller was promised to be called back", null=True
                    ),
                ),
                (
                    "rang_at",
                    models.DateTimeField(
                        blank=True, help_text="when it began to ring, if the telephone says so", null=True
                    ),
                ),
                (
                    "whisper",
                    models.BooleanField(default=False, help_text="the caller can only say yes or no, or press a key"),
                ),
                (
                    "person",
                    models.ForeignKey(
                        blank=True,
                        help_text="the person of concern, linked by somebody; never a third party who calls about them",
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="people.person",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "open")), fields=["centre", "owner"], name="call_open_by_owner"
                    ),
                    models.Index(fields=["phone", "received_at"], name="call_by_phone"),
                    models.Index(
                        condition=models.Q(("promised_at__isnull", False)),
                        fields=["centre", "promised_at"],
                        name="call_promised",
                    ),
                    models.Index(fields=["centre", "received_at"], name="call_by_time"),
                    models.Index(
                        condition=models.Q(("person__isnull", False)),
                        fields=["person", "-received_at"],
                        name="call_by_person",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("ended_as", ""), ("ended_at__isnull", True), ("state", "open")),
                            models.Q(
                                (
                                    "ended_as__in",
                                    ("completed", "dropped", "abandoned", "silent", "transferred", "misdial", "test"),
                                ),
                                ("ended_at__isnull", False),
                                ("state", "ended"),
                            ),
                            _connector="OR",
                        ),
                        name="call_end_is_whole",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("external_id", ""), _negated=True),
                        fields=("centre", "external_id"),
                        name="imported_call_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("parked_at__isnull", True), ("state", "open"), _connector="OR"),
                        name="call_parked_is_open",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Decision",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("at", models.DateTimeField()),
                (
                    "action",
                    models.CharField(
                        choices=[("accept", "Accepted"), ("override", "Overridden"), ("send", "Sent")], max_length=12
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("standing", "standing"),
                            ("waiting_second", "waiting_second"),
                            ("refused", "refused"),
                            ("superseded", "superseded"),
                        ],
                        default="standing",
                        max_length=16,
                    ),
                ),
                ("response_class", models.CharField(max_length=20)),
                ("suggested_class", models.CharField(blank=True, max_length=20)),
                (
                    "direction",
                    models.CharField(
                        choices=[("same", "As suggested"), ("more", "More cautious"), ("less", "Less cautious")],
                        max_length=8,
                    ),
                ),
                ("reason", models.CharField(blank=True, max_length=40)),
                ("reason_text", models.CharField(blank=True, max_length=200)),
                ("services", models.JSONField(default=list)),
                ("answers", models.JSONField(default=dict)),
                ("trace", models.JSONField(default=dict)),
                ("on_screen", models.JSONField(default=dict)),
                ("engine_version", models.CharField(max_length=20)),
                ("second_at", models.DateTimeField(blank=True, null=True)),
                ("second_due_at", models.DateTimeField(blank=True, null=True)),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "program_version",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="decisions",
                        to="programs.programversion",
                    ),
                ),
                (
                    "protocol_version",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="decisions",
                        to="programs.protocolversion",
                    ),
                ),
                (
                    "second_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "incident",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="decisions", to="dispatch.incident"
                    ),
                ),
            ],
            options={
                "ordering": ["at", "id"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "waiting_second")),
                        fields=["second_due_at"],
                        name="decision_waiting",
                    ),
                    models.Index(fields=["incident", "at"], name="decision_by_incident"),
                    models.Index(
                        condition=models.Q(("state", "standing")), fields=["at", "id"], name="decision_by_time"
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ("standing", "waiting_second", "refused", "superseded"))),
                        name="decision_state_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "response_class__in",
                                ["emergency", "co_response", "mobile_team", "tele_clinician", "outreach_followup"],
                            )
                        ),
                        name="decision_class_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("direction", "same"), models.Q(("reason", ""), _negated=True), _connector="OR"
                        ),
                        name="decision_override_has_a_reason",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("direction", "less"), _negated=True),
                            models.Q(("state", "standing"), _negated=True),
                            ("second_by__isnull", False),
                            _connector="OR",
                        ),
                        name="decision_less_cautious_takes_two",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("second_by__isnull", True),
                            models.Q(("second_by", models.F("by")), _negated=True),
                            _connector="OR",
                        ),
                        name="decision_second_is_another",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Handoff",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "service",
                    models.CharField(choices=[("police", "Police"), ("ems", "EMS"), ("fire", "Fire")], max_length=8),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("ready", "ready"),
                            ("requested", "requested"),
                            ("acknowledged", "acknowledged"),
                            ("declined", "declined"),
                            ("cancelled", "cancelled"),
                        ],
                        default="requested",
                        max_length=14,
                    ),
                ),
                (
                    "reason",
                    models.CharField(
                        help_text="coded: decision, returned, backup, rising_risk, promise_broken", max_length=60
                    ),
                ),
                ("opened_at", models.DateTimeField()),
                ("requested_at", models.DateTimeField(blank=True, null=True)),
                ("acknowledged_at", models.DateTimeField(blank=True, null=True)),
                ("receiver_name", models.CharField(blank=True, max_length=80)),
                (
                    "receiver_number",
                    models.CharField(blank=True, help_text="number in the receiving CAD", max_length=40),
                ),
                ("cancelled_at", models.DateTimeField(blank=True, null=True)),
                ("version", models.PositiveIntegerField(default=1)),
                (
                    "acknowledged_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "requested_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "incident",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="handoffs", to="dispatch.incident"
                    ),
                ),
                (
                    "decline_reason",
                    models.CharField(blank=True, help_text="coded: why the service will not take it", max_length=40),
                ),
                ("declined_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "ordering": ["opened_at"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "requested")), fields=["requested_at"], name="handoff_waiting"
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state__in", ["ready", "requested"])),
                        fields=("incident", "service"),
                        name="one_open_handoff_per_service",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "acknowledged"), _negated=True),
                            models.Q(
                                ("acknowledged_at__isnull", False),
                                models.Q(
                                    models.Q(("receiver_name", ""), _negated=True),
                                    models.Q(("receiver_number", ""), _negated=True),
                                    _connector="OR",
                                ),
                            ),
                            _connector="OR",
                        ),
                        name="handoff_is_acknowledged_by_someone",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state__in", ("ready", "requested", "acknowledged", "declined", "cancelled"))
                        ),
                        name="handoff_state_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "declined"), _negated=True),
                            models.Q(("declined_at__isnull", False), models.Q(("decline_reason", ""), _negated=True)),
                            _connector="OR",
                        ),
                        name="handoff_declined_with_a_reason",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Recommendation",
            fields=[
                (
                    "incident",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="recommendation",
                        serialize=False,
                        to="dispatch.incident",
                    ),
                ),
                ("since", models.DateTimeField(help_text="when the engine first had a unit to name for this wait")),
                ("at", models.DateTimeField(help_text="when this unit was named")),
                ("why", models.JSONField(default=dict, help_text="points, reasons and shortfalls at that moment")),
                (
                    "unit",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="responders.unit"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ReviewItem",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("return", "Returned to 911"),
                            ("backup", "Crew asked for backup"),
                            ("sent_class", "Sent class was too low"),
                            ("stage_order", "Stage order"),
                            ("override", "Override of the suggestion"),
                            ("escalation", "Escalation"),
                        ],
                        max_length=12,
                    ),
                ),
                (
                    "subject",
                    models.UUIDField(help_text="the assignment, alarm, stage order or decision that it is about"),
                ),
                ("reason", models.CharField(blank=True, help_text="coded", max_length=80)),
                ("at", models.DateTimeField()),
                ("reviewed_at", models.DateTimeField(blank=True, null=True)),
                ("note", models.CharField(blank=True, max_length=400)),
                (
                    "by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "centre",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="reviews", to="accounts.centre"
                    ),
                ),
                (
                    "incident",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reviews",
                        to="dispatch.incident",
                    ),
                ),
                (
                    "reviewed_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "unit",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="responders.unit",
                    ),
                ),
            ],
            options={
                "ordering": ["at", "id"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("reviewed_at__isnull", True)), fields=["centre", "at"], name="review_open"
                    ),
                    models.Index(
                        condition=models.Q(("reviewed_at__isnull", False)),
                        fields=["centre", "-reviewed_at"],
                        name="review_done",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("kind", "subject"), name="review_once_per_subject"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("kind__in", ["return", "backup", "sent_class", "stage_order", "override", "escalation"])
                        ),
                        name="review_kind_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("note", ""), ("reviewed_at__isnull", True), ("reviewed_by__isnull", True)),
                            models.Q(
                                ("reviewed_at__isnull", False),
                                ("reviewed_by__isnull", False),
                                models.Q(("note", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="review_is_whole",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("by__isnull", True),
                            ("reviewed_by__isnull", True),
                            models.Q(("reviewed_by", models.F("by")), _negated=True),
                            _connector="OR",
                        ),
                        name="review_is_by_another",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Visit",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "state",
                    models.CharField(
                        choices=[("booked", "booked"), ("due", "due"), ("cancelled", "cancelled")],
                        default="booked",
                        max_length=10,
                    ),
                ),
                ("purpose", models.CharField(help_text="coded: dispatch.reasons.VISIT_PURPOSES", max_length=24)),
                ("nature", models.CharField(max_length=40)),
                ("answers", models.JSONField(default=dict)),
                ("starts_at", models.DateTimeField()),
                ("ends_at", models.DateTimeField(help_text="somebody is there by then")),
                ("booked_at", models.DateTimeField()),
                (
                    "ended_at",
                    models.DateTimeField(blank=True, help_text="when it fell due or was cancelled", null=True),
                ),
                ("version", models.PositiveIntegerField(default=1)),
                (
                    "booked_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "centre",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="visits", to="accounts.centre"
                    ),
                ),
                (
                    "incident",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="from_visit",
                        to="dispatch.incident",
                    ),
                ),
                (
                    "program",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="visits", to="programs.program"
                    ),
                ),
                (
                    "source",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="visits", to="dispatch.incident"
                    ),
                ),
                (
                    "unit",
                    models.ForeignKey(
                        blank=True,
                        help_text="preferred, never bound",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="visits",
                        to="responders.unit",
                    ),
                ),
            ],
            options={
                "ordering": ["starts_at", "id"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "booked")), fields=["centre", "starts_at"], name="visit_booked"
                    ),
                    models.Index(fields=["source"], name="visit_by_source"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ("booked", "due", "cancelled"))), name="visit_state_known"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("ends_at__gt", models.F("starts_at"))), name="visit_window_has_time"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("ended_at__isnull", True), ("incident__isnull", True), ("state", "booked")),
                            models.Q(("ended_at__isnull", False), ("incident__isnull", False), ("state", "due")),
                            models.Q(("ended_at__isnull", False), ("incident__isnull", True), ("state", "cancelled")),
                            _connector="OR",
                        ),
                        name="visit_end_is_whole",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("incident__isnull", True),
                            models.Q(("incident", models.F("source")), _negated=True),
                            _connector="OR",
                        ),
                        name="visit_is_another_incident",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Answer",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("source", models.CharField(help_text="call:<id> or unit:<id>: whose answer this is", max_length=48)),
                ("key", models.CharField(max_length=32)),
                ("value", models.JSONField(help_text='"unknown" is an answer too')),
                (
                    "basis",
                    models.CharField(
                        choices=[
                            ("told", "Told"),
                            ("seen", "Seen"),
                            ("heard", "Heard"),
                            ("assumed", "Assumed"),
                            ("protocol", "From protocol"),
                            ("crew", "From the crew"),
                        ],
                        default="told",
                        max_length=8,
                    ),
                ),
                ("at", models.DateTimeField()),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "call",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="answers",
                        to="dispatch.call",
                    ),
                ),
                (
                    "incident",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="answers", to="dispatch.incident"
                    ),
                ),
            ],
            options={
                "get_latest_by": "id",
                "indexes": [models.Index(fields=["incident", "key", "-id"], name="answer_latest")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("basis__in", ["told", "seen", "heard", "assumed", "protocol", "crew"])),
                        name="answer_basis_known",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Assignment",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "slot",
                    models.CharField(
                        choices=[
                            ("primary", "Primary team"),
                            ("officer", "Officer"),
                            ("clinician", "Clinician"),
                            ("medic", "Medic"),
                            ("assist", "Assisting"),
                        ],
                        default="primary",
                        max_length=10,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("accepted", "accepted"),
                            ("en_route", "en_route"),
                            ("offered", "offered"),
                            ("on_scene", "on_scene"),
                            ("staged", "staged"),
                            ("transporting", "transporting"),
                            ("with_person", "with_person"),
                            ("cleared", "cleared"),
                            ("declined", "declined"),
                            ("expired", "expired"),
                            ("cancelled", "cancelled"),
                            ("preempted", "preempted"),
                        ],
                        default="offered",
                        max_length=12,
                    ),
                ),
                ("exclusive", models.BooleanField(default=True)),
                ("by_phone", models.BooleanField(default=False, help_text="answered by telephone: nobody travels")),
                ("offered_at", models.DateTimeField()),
                ("offer_expires_at", models.DateTimeField()),
                (
                    "why",
                    models.JSONField(
                        default=dict, help_text="points, reasons and shortfalls at the moment of the offer"
                    ),
                ),
                ("eta_s", models.PositiveIntegerField(blank=True, null=True)),
                ("accepted_at", models.DateTimeField(blank=True, null=True)),
                ("en_route_at", models.DateTimeField(blank=True, null=True)),
                ("on_scene_at", models.DateTimeField(blank=True, null=True)),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                ("end_reason", models.CharField(blank=True, max_length=40)),
                ("disposition", models.CharField(blank=True, max_length=40)),
                (
                    "cautions_read_at",
                    models.DateTimeField(blank=True, help_text="accepting records the hazards as read", null=True),
                ),
                ("version", models.PositiveIntegerField(default=1)),
                (
                    "offered_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "program_version",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="assignments",
                        to="programs.programversion",
                    ),
                ),
                (
                    "relayed_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "unit",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="assignments", to="responders.unit"
                    ),
                ),
                (
                    "incident",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="assignments", to="dispatch.incident"
                    ),
                ),
                (
                    "check_due_at",
                    models.DateTimeField(blank=True, help_text="until when the crew says that it is OK", null=True),
                ),
                (
                    "from_lat",
                    models.FloatField(blank=True, help_text="where the unit was when it accepted, degrees", null=True),
                ),
                ("from_lon", models.FloatField(blank=True, null=True)),
                (
                    "near_at",
                    models.DateTimeField(
                        blank=True,
                        help_text="first position within NEAR_M of the incident while en route: a suggestion",
                        null=True,
                    ),
                ),
                (
                    "officer_handoff",
                    models.ForeignKey(
                        blank=True,
                        help_text="the officer half, where police are another agency's units",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="dispatch.handoff",
                    ),
                ),
                (
                    "pair",
                    models.UUIDField(
                        blank=True,
                        help_text="the same for the two halves of a co-response: they succeed or fail together",
                        null=True,
                    ),
                ),
                (
                    "sent_class",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("too_low", "Too low: this needed more"),
                            ("right", "Right"),
                            ("too_high", "Too high: less would have done"),
                        ],
                        help_text="what the crew says of the class it was sent as",
                        max_length=8,
                    ),
                ),
                (
                    "state_since",
                    models.DateTimeField(
                        blank=True,
                        help_text="server's time of the last change of state; empty while only offered",
                        null=True,
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("state", "offered")), fields=["offer_expires_at"], name="offer_due"
                    ),
                    models.Index(fields=["incident", "offered_at"], name="assignment_by_incident"),
                    models.Index(
                        condition=models.Q(("ended_at__isnull", False)),
                        fields=["unit", "-ended_at"],
                        name="assignment_last_of_unit",
                    ),
                    models.Index(
                        condition=models.Q(("check_due_at__isnull", False)),
                        fields=["check_due_at"],
                        name="safety_check_due",
                    ),
                    models.Index(condition=models.Q(("pair__isnull", False)), fields=["pair"], name="assignment_pair"),
                    models.Index(
                        condition=models.Q(
                            (
                                "state__in",
                                [
                                    "accepted",
                                    "en_route",
                                    "offered",
                                    "on_scene",
                                    "staged",
                                    "transporting",
                                    "with_person",
                                ],
                            )
                        ),
                        fields=["unit", "state"],
                        name="assignment_live_of_unit",
                    ),
                    models.Index(
                        condition=models.Q(("ended_at__isnull", True)), fields=["unit"], name="assignment_open_of_unit"
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(
                            ("exclusive", True),
                            (
                                "state__in",
                                [
                                    "accepted",
                                    "en_route",
                                    "offered",
                                    "on_scene",
                                    "staged",
                                    "transporting",
                                    "with_person",
                                ],
                            ),
                        ),
                        fields=("unit",),
                        name="unit_one_live_exclusive_assignment",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(
                            (
                                "state__in",
                                ["accepted", "en_route", "on_scene", "staged", "transporting", "with_person"],
                            ),
                            models.Q(("slot", "assist"), _negated=True),
                        ),
                        fields=("incident", "slot"),
                        name="slot_one_accepted_assignment",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(
                            (
                                "state__in",
                                [
                                    "accepted",
                                    "en_route",
                                    "offered",
                                    "on_scene",
                                    "staged",
                                    "transporting",
                                    "with_person",
                                ],
                            )
                        ),
                        fields=("incident", "unit"),
                        name="unit_once_per_incident",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "state__in",
                                (
                                    "accepted",
                                    "en_route",
                                    "offered",
                                    "on_scene",
                                    "staged",
                                    "transporting",
                                    "with_person",
                                    "cleared",
                                    "declined",
                                    "expired",
                                    "cancelled",
                                    "preempted",
                                ),
                            )
                        ),
                        name="assignment_state_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                (
                                    "state__in",
                                    [
                                        "accepted",
                                        "en_route",
                                        "offered",
                                        "on_scene",
                                        "staged",
                                        "transporting",
                                        "with_person",
                                    ],
                                ),
                                ("ended_at__isnull", True),
                            ),
                            models.Q(
                                models.Q(
                                    (
                                        "state__in",
                                        [
                                            "accepted",
                                            "en_route",
                                            "offered",
                                            "on_scene",
                                            "staged",
                                            "transporting",
                                            "with_person",
                                        ],
                                    ),
                                    _negated=True,
                                ),
                                ("ended_at__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="assignment_end_is_whole",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "cleared"), _negated=True),
                            models.Q(("disposition", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="assignment_clears_with_a_disposition",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("offer_expires_at__gt", models.F("offered_at"))), name="offer_has_time"
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(
                            ("pair__isnull", False),
                            (
                                "state__in",
                                [
                                    "accepted",
                                    "en_route",
                                    "offered",
                                    "on_scene",
                                    "staged",
                                    "transporting",
                                    "with_person",
                                ],
                            ),
                        ),
                        fields=("pair", "slot"),
                        name="pair_has_one_of_each_half",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("officer_handoff__isnull", True), ("pair__isnull", False), _connector="OR"),
                        name="officer_handoff_is_of_a_pair",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("check_due_at__isnull", True), ("state__in", ["on_scene", "with_person"]), _connector="OR"
                        ),
                        name="safety_check_only_on_scene",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("from_lat__isnull", True), ("from_lon__isnull", True)),
                            models.Q(("from_lat__isnull", False), ("from_lon__isnull", False)),
                            _connector="OR",
                        ),
                        name="assignment_start_whole",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CallbackAttempt",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("reached", models.BooleanField()),
                ("at", models.DateTimeField()),
                ("device_at", models.DateTimeField(blank=True, null=True)),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "call",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="callbacks", to="dispatch.call"
                    ),
                ),
            ],
            options={
                "ordering": ["at"],
            },
        ),
        migrations.CreateModel(
            name="CallDraft",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("field", models.CharField(max_length=12)),
                ("text", models.CharField(blank=True, max_length=4000)),
                ("tab", models.UUIDField()),
                ("typed_at", models.DateTimeField()),
                ("at", models.DateTimeField(db_index=True)),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "call",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="drafts", to="dispatch.call"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("call", "by", "field"), name="call_draft_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "field__in",
                                ("note", "where", "phone", "what", "carrier", "weapon_type", "access", "language"),
                            )
                        ),
                        name="call_draft_field_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("typed_at__lte", models.F("at"))), name="call_draft_not_ahead"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CallHandover",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("asked_at", models.DateTimeField()),
                ("answered_at", models.DateTimeField(blank=True, null=True)),
                (
                    "answer",
                    models.CharField(
                        blank=True,
                        choices=[("accepted", "Accepted"), ("declined", "Declined"), ("withdrawn", "Withdrawn")],
                        max_length=10,
                    ),
                ),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "call",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="handovers", to="dispatch.call"
                    ),
                ),
                (
                    "to",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("answered_at__isnull", True)), fields=["to"], name="call_handover_waiting"
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("answered_at__isnull", True)),
                        fields=("call",),
                        name="call_handed_to_one_at_a_time",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("by", models.F("to")), _negated=True), name="call_handed_to_somebody_else"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("answer", ""), ("answered_at__isnull", True)),
                            models.Q(
                                ("answer__in", ["accepted", "declined", "withdrawn"]), ("answered_at__isnull", False)
                            ),
                            _connector="OR",
                        ),
                        name="call_handover_answer_is_whole",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ConsolePost",
            fields=[
                ("id", models.UUIDField(editable=False, primary_key=True, serialize=False)),
                (
                    "what",
                    models.CharField(
                        choices=[
                            ("location", "Where"),
                            ("phone", "Number to call back"),
                            ("nature", "What"),
                            ("answer", "Answer"),
                            ("decision", "Decision"),
                            ("end", "End of the call"),
                            ("transfer", "Transfer"),
                            ("person", "Whom the call is about"),
                        ],
                        max_length=8,
                    ),
                ),
                ("at", models.DateTimeField()),
                ("device_at", models.DateTimeField(blank=True, null=True)),
                (
                    "overtaken",
                    models.BooleanField(
                        default=False, help_text="late, and somebody had said otherwise: kept as a note"
                    ),
                ),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "call",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="posts", to="dispatch.call"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "what__in",
                                ["location", "phone", "nature", "answer", "decision", "end", "transfer", "person"],
                            )
                        ),
                        name="console_post_what_known",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="CueDismissal",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("mark", models.CharField(max_length=300)),
                ("key", models.CharField(max_length=32)),
                ("lexicon", models.CharField(max_length=20)),
                ("at", models.DateTimeField()),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "call",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="dispatch.call"
                    ),
                ),
                (
                    "incident",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="cue_dismissals",
                        to="dispatch.incident",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("incident", "mark"), name="cue_dismissed_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("mark", ""), _negated=True),
                            models.Q(("key", ""), _negated=True),
                            models.Q(("lexicon", ""), _negated=True),
                        ),
                        name="cue_dismissal_names_what_and_by_which",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("mark__startswith", django.db.models.functions.text.Concat("key", models.Value("=")))
                        ),
                        name="cue_dismissal_mark_is_of_its_question",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="HandoverItem",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("moved_at", models.DateTimeField(blank=True, null=True)),
                (
                    "alarm",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="dispatch.alarm",
                    ),
                ),
                (
                    "call",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="dispatch.call",
                    ),
                ),
                (
                    "handover",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="items", to="dispatch.handover"
                    ),
                ),
                (
                    "incident",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="dispatch.incident",
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("alarm__isnull", True), ("call__isnull", True), ("incident__isnull", False)),
                            models.Q(("alarm__isnull", True), ("call__isnull", False), ("incident__isnull", True)),
                            models.Q(("alarm__isnull", False), ("call__isnull", True), ("incident__isnull", True)),
                            _connector="OR",
                        ),
                        name="handover_item_is_one_thing",
                    ),
                    models.UniqueConstraint(fields=("handover", "incident"), name="handover_incident_once"),
                    models.UniqueConstraint(fields=("handover", "call"), name="handover_call_once"),
                    models.UniqueConstraint(fields=("handover", "alarm"), name="handover_alarm_once"),
                ],
            },
        ),
        migrations.CreateModel(
            name="LocationEntry",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "subject",
                    models.CharField(
                        choices=[("incident", "Incident"), ("carrier", "Carrier, not verified")],
                        default="incident",
                        max_length=8,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[("unverified", "Unverified"), ("verified", "Verified"), ("forced", "Forced")],
                        max_length=10,
                    ),
                ),
                ("text", models.CharField(max_length=200)),
                ("lat", models.FloatField(blank=True, null=True)),
                ("lon", models.FloatField(blank=True, null=True)),
                ("beat", models.CharField(blank=True, max_length=40)),
                ("location_type", models.CharField(blank=True, max_length=24)),
                ("at", models.DateTimeField()),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "call",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="locations",
                        to="dispatch.call",
                    ),
                ),
                (
                    "incident",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="locations", to="dispatch.incident"
                    ),
                ),
                (
                    "place",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="people.place",
                    ),
                ),
                ("heading", models.CharField(blank=True, help_text="compass direction, while moving", max_length=2)),
                ("moving", models.BooleanField(default=False, help_text="where somebody on the move was last seen")),
                (
                    "seen_at",
                    models.DateTimeField(blank=True, help_text="when they were seen there, while moving", null=True),
                ),
            ],
            options={
                "get_latest_by": "id",
                "indexes": [
                    models.Index(fields=["incident", "-id"], name="location_latest"),
                    models.Index(condition=models.Q(("state", "forced")), fields=["-id"], name="location_forced"),
                    models.Index(
                        condition=models.Q(("place__isnull", False)), fields=["place", "-id"], name="location_by_place"
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state__in", ["unverified", "verified", "forced"]),
                            ("subject__in", ["incident", "carrier"]),
                        ),
                        name="location_state_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("lat__isnull", True), ("lon__isnull", True)),
                            models.Q(("lat__range", (-90, 90)), ("lon__range", (-180, 180))),
                            _connector="OR",
                        ),
                        name="location_point_whole",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("heading", ""), ("moving", False), ("seen_at__isnull", True)),
                            models.Q(
                                ("heading__in", ["", "N", "NE", "E", "SE", "S", "SW", "W", "NW"]),
                                ("moving", True),
                                ("seen_at__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="location_moving_is_whole",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="NarrativeEntry",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[("note", "Note"), ("callback", "Callback"), ("crew", "Crew"), ("system", "System")],
                        default="note",
                        max_length=8,
                    ),
                ),
                (
                    "audience",
                    models.CharField(
                        choices=[
                            ("general", "General"),
                            ("clinical", "Clinical"),
                            ("substance", "Substance use (Part 2)"),
                            ("justice", "Justice"),
                        ],
                        default="general",
                        max_length=12,
                    ),
                ),
                ("at", models.DateTimeField()),
                ("device_at", models.DateTimeField(blank=True, null=True)),
                ("struck_at", models.DateTimeField(blank=True, null=True)),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "call",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="narrative",
                        to="dispatch.call",
                    ),
                ),
                (
                    "incident",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="narrative", to="dispatch.incident"
                    ),
                ),
                (
                    "struck_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["at", "id"],
                "indexes": [models.Index(fields=["incident", "at"], name="narrative_by_incident")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("audience__in", ["general", "clinical", "substance", "justice"])),
                        name="narrative_audience_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("struck_at__isnull", True), ("struck_by__isnull", True)),
                            models.Q(("struck_at__isnull", False), ("struck_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="narrative_strike_is_whole",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PracticeRun",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("script", models.CharField(max_length=8)),
                ("where", models.CharField(help_text="the address that the caller will give", max_length=200)),
                (
                    "asked",
                    models.JSONField(
                        default=list, help_text="keys of the questions put to the caller, in order, each once"
                    ),
                ),
                ("started_at", models.DateTimeField()),
                ("scored_at", models.DateTimeField(blank=True, null=True)),
                ("score", models.JSONField(blank=True, null=True)),
                (
                    "call",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="practice_run", to="dispatch.call"
                    ),
                ),
                (
                    "centre",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.centre"
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="practice_runs",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["-started_at"],
                "indexes": [models.Index(fields=["user", "-started_at"], name="practice_by_person")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("score__isnull", True), ("scored_at__isnull", True)),
                            models.Q(("score__isnull", False), ("scored_at__isnull", False)),
                            _connector="OR",
                        ),
                        name="practice_score_is_whole",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="AddressFollowUp",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "note",
                    models.CharField(help_text="what was done, for example: added to the gazetteer", max_length=160),
                ),
                ("done_at", models.DateTimeField()),
                (
                    "centre",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.centre"
                    ),
                ),
                (
                    "done_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "location",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="follow_up",
                        to="dispatch.locationentry",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="CrewReport",
            fields=[
                (
                    "assignment",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="report",
                        serialize=False,
                        to="dispatch.assignment",
                    ),
                ),
                ("taken_to", models.CharField(blank=True, max_length=20)),
                ("referral", models.CharField(blank=True, max_length=20)),
                (
                    "services",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=20), blank=True, default=list, size=None
                    ),
                ),
                ("police_asked", models.CharField(blank=True, max_length=12)),
                ("follow_up", models.CharField(blank=True, help_text="how soon somebody looks in again", max_length=8)),
                ("at", models.DateTimeField()),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("follow_up__in", ["", "none", "day", "week", "month"]),
                            ("police_asked__in", ["", "no", "came", "not_came"]),
                            (
                                "referral__in",
                                ["", "none", "mental_health", "substance", "housing", "medical", "family"],
                            ),
                            (
                                "services__contained_by",
                                ["talk", "food_clothes", "ride", "first_aid", "naloxone", "bed"],
                            ),
                            ("taken_to__in", ["", "nobody", "home", "shelter", "services", "hospital", "elsewhere"]),
                        ),
                        name="crew_report_codes_known",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="NarrativeText",
            fields=[
                (
                    "entry",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="words",
                        serialize=False,
                        to="dispatch.narrativeentry",
                    ),
                ),
                ("text", models.TextField()),
            ],
        ),
        migrations.CreateModel(
            name="StageOrder",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "reason",
                    models.CharField(
                        help_text="coded: the answer that rose, for example weapon=in_hand", max_length=80
                    ),
                ),
                ("words", models.CharField(help_text="what the crew reads", max_length=160)),
                ("withdraw", models.BooleanField(default=False, help_text="the crew was already on the scene")),
                ("at", models.DateTimeField()),
                ("acknowledged_at", models.DateTimeField(blank=True, null=True)),
                (
                    "acknowledged_how",
                    models.CharField(
                        blank=True, choices=[("phone", "On the phone"), ("radio", "By radio")], max_length=8
                    ),
                ),
                ("lifted_at", models.DateTimeField(blank=True, null=True)),
                ("lift_reason", models.CharField(blank=True, max_length=80)),
                (
                    "acknowledged_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "assignment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="stage_orders",
                        to="dispatch.assignment",
                    ),
                ),
                (
                    "lifted_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["at"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("lifted_at__isnull", True)),
                        fields=("assignment",),
                        name="one_standing_stage_order",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("acknowledged_at__isnull", True), ("acknowledged_how", "")),
                            models.Q(
                                ("acknowledged_at__isnull", False),
                                ("acknowledged_by__isnull", False),
                                models.Q(("acknowledged_how", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="stage_acknowledgement_is_whole",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("lifted_at__isnull", True),
                            models.Q(("lifted_by__isnull", False), models.Q(("lift_reason", ""), _negated=True)),
                            _connector="OR",
                        ),
                        name="stage_lift_has_a_person_and_a_reason",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Transfer",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("direction", models.CharField(choices=[("out", "Out"), ("in", "In")], default="out", max_length=3)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("clinician", "Clinician"),
                            ("988", "988"),
                            ("211", "211"),
                            ("311", "311"),
                            ("other_centre", "Another centre"),
                        ],
                        max_length=12,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("offered", "offered"),
                            ("ringing", "ringing"),
                            ("connected", "connected"),
                            ("resolved", "resolved"),
                            ("dropped", "dropped"),
                            ("declined", "declined"),
                            ("returned", "returned"),
                        ],
                        default="offered",
                        max_length=9,
                    ),
                ),
                (
                    "bridge",
                    models.BooleanField(default=False, help_text="in addition: class, clock and owner do not change"),
                ),
                (
                    "reason",
                    models.CharField(blank=True, help_text="coded: why it ended without being resolved", max_length=40),
                ),
                (
                    "disposition",
                    models.CharField(blank=True, help_text="coded: how a resolved one ended", max_length=40),
                ),
                ("offered_at", models.DateTimeField()),
                ("rung_at", models.DateTimeField(blank=True, null=True)),
                ("connected_at", models.DateTimeField(blank=True, null=True)),
                (
                    "receiver_name",
                    models.CharField(
                        blank=True, help_text="who answered, where they are not of the floor", max_length=80
                    ),
                ),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                (
                    "team_asked_at",
                    models.DateTimeField(blank=True, help_text="the clinician asked for a team", null=True),
                ),
                (
                    "sender_reference",
                    models.CharField(blank=True, help_text="the sender's own number for it", max_length=40),
                ),
                ("version", models.PositiveIntegerField(default=1)),
                (
                    "assignment",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="transfers",
                        to="dispatch.assignment",
                    ),
                ),
                (
                    "call",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="transfers", to="dispatch.call"
                    ),
                ),
                (
                    "ended_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "incident",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="transfers", to="dispatch.incident"
                    ),
                ),
                (
                    "offered_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "receiver",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="transfers_received",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "sender_phone",
                    models.ForeignKey(
                        blank=True,
                        help_text="whom to tell how it ended",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="people.phone",
                    ),
                ),
                (
                    "target",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="transfers",
                        to="dispatch.handofftarget",
                    ),
                ),
                (
                    "unit",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="transfers",
                        to="responders.unit",
                    ),
                ),
            ],
            options={
                "ordering": ["offered_at"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("state__in", ["connected", "offered", "ringing"])),
                        fields=["offered_at"],
                        name="transfer_live",
                    ),
                    models.Index(fields=["incident", "offered_at"], name="transfer_by_incident"),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state__in", ["connected", "offered", "ringing"])),
                        fields=("call", "direction"),
                        name="one_live_transfer_per_call",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "state__in",
                                ("offered", "ringing", "connected", "resolved", "dropped", "declined", "returned"),
                            )
                        ),
                        name="transfer_state_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("direction__in", ["out", "in"]),
                            ("kind__in", ["clinician", "988", "211", "311", "other_centre"]),
                        ),
                        name="transfer_kind_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state__in", ["connected", "offered", "ringing"]), ("ended_at__isnull", True)),
                            models.Q(
                                models.Q(("state__in", ["connected", "offered", "ringing"]), _negated=True),
                                ("ended_at__isnull", False),
                            ),
                            _connector="OR",
                        ),
                        name="transfer_end_is_whole",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "resolved"), _negated=True),
                            models.Q(models.Q(("disposition", ""), _negated=True), ("connected_at__isnull", False)),
                            _connector="OR",
                        ),
                        name="transfer_resolves_with_a_disposition",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state__in", ["dropped", "declined", "returned"]), _negated=True),
                            models.Q(("reason", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="transfer_comes_back_with_a_reason",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "connected"), _negated=True),
                            models.Q(
                                ("connected_at__isnull", False),
                                models.Q(
                                    ("receiver__isnull", False),
                                    models.Q(("receiver_name", ""), _negated=True),
                                    _connector="OR",
                                ),
                            ),
                            _connector="OR",
                        ),
                        name="transfer_is_received_by_someone",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("direction", "in"), _negated=True),
                            ("sender_phone__isnull", False),
                            _connector="OR",
                        ),
                        name="transfer_in_keeps_its_sender",
                    ),
                ],
            },
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
