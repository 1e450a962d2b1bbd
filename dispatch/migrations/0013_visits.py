"""Booked visits: work that is agreed for later and occupies nobody until it falls due."""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

FORWARD = """
CREATE TRIGGER visit_change BEFORE UPDATE ON dispatch_visit
    FOR EACH ROW WHEN (OLD.state = 'booked')
    EXECUTE FUNCTION only_columns_change('state', 'unit_id', 'starts_at', 'ends_at', 'ended_at', 'incident_id', 'version');
CREATE TRIGGER visit_ended_change BEFORE UPDATE ON dispatch_visit
    FOR EACH ROW WHEN (OLD.state <> 'booked') EXECUTE FUNCTION refuse_change();
CREATE TRIGGER visit_delete BEFORE DELETE ON dispatch_visit FOR EACH ROW EXECUTE FUNCTION refuse_change();
"""
BACKWARD = """
DROP TRIGGER visit_change ON dispatch_visit;
DROP TRIGGER visit_ended_change ON dispatch_visit;
DROP TRIGGER visit_delete ON dispatch_visit;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0005_thresholds"),
        ("dispatch", "0012_version_not_live"),
        ("programs", "0006_protocol_editors"),
        ("responders", "0005_movement"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
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
        migrations.AlterField(
            model_name="alarm",
            name="kind",
            field=models.CharField(
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
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
