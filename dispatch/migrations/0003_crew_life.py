"""The life of a crew: co-response pairs, silence, backup, safety checks, and the list for review."""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

FORWARD = """
CREATE TRIGGER review_change BEFORE UPDATE ON dispatch_reviewitem
    FOR EACH ROW EXECUTE FUNCTION only_columns_change('reviewed_at', 'reviewed_by_id', 'note');
CREATE TRIGGER review_delete BEFORE DELETE ON dispatch_reviewitem FOR EACH ROW EXECUTE FUNCTION refuse_change();
"""
BACKWARD = """
DROP TRIGGER review_change ON dispatch_reviewitem;
DROP TRIGGER review_delete ON dispatch_reviewitem;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_forbidden_changes"),
        ("dispatch", "0002_forbidden_changes"),
        ("programs", "0002_forbidden_changes"),
        ("responders", "0003_not_answering"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
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
            ],
            options={
                "ordering": ["at", "id"],
            },
        ),
        migrations.AddField(
            model_name="assignment",
            name="check_due_at",
            field=models.DateTimeField(blank=True, help_text="until when the crew says that it is OK", null=True),
        ),
        migrations.AddField(
            model_name="assignment",
            name="from_lat",
            field=models.FloatField(blank=True, help_text="where the unit was when it accepted, degrees", null=True),
        ),
        migrations.AddField(
            model_name="assignment",
            name="from_lon",
            field=models.FloatField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="assignment",
            name="near_at",
            field=models.DateTimeField(
                blank=True,
                help_text="first position within NEAR_M of the incident while en route: a suggestion",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="assignment",
            name="officer_handoff",
            field=models.ForeignKey(
                blank=True,
                help_text="the officer half, where police are another agency's units",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="dispatch.handoff",
            ),
        ),
        migrations.AddField(
            model_name="assignment",
            name="pair",
            field=models.UUIDField(
                blank=True,
                help_text="the same for the two halves of a co-response: they succeed or fail together",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="assignment",
            name="sent_class",
            field=models.CharField(
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
        migrations.AddField(
            model_name="assignment",
            name="state_since",
            field=models.DateTimeField(
                blank=True, help_text="server's time of the last change of state; empty while only offered", null=True
            ),
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
                ],
                max_length=24,
            ),
        ),
        migrations.AddIndex(
            model_name="assignment",
            index=models.Index(
                condition=models.Q(("check_due_at__isnull", False)), fields=["check_due_at"], name="safety_check_due"
            ),
        ),
        migrations.AddIndex(
            model_name="assignment",
            index=models.Index(condition=models.Q(("pair__isnull", False)), fields=["pair"], name="assignment_pair"),
        ),
        migrations.AddIndex(
            model_name="assignment",
            index=models.Index(
                condition=models.Q(
                    (
                        "state__in",
                        ["accepted", "en_route", "offered", "on_scene", "staged", "transporting", "with_person"],
                    )
                ),
                fields=["unit", "state"],
                name="assignment_live_of_unit",
            ),
        ),
        migrations.AddConstraint(
            model_name="alarm",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("ended_at__isnull", False), ("kind", "backup_urgent"), _negated=True),
                    ("ended_by__isnull", False),
                    _connector="OR",
                ),
                name="urgent_backup_ends_only_by_a_person",
            ),
        ),
        migrations.AddConstraint(
            model_name="assignment",
            constraint=models.UniqueConstraint(
                condition=models.Q(
                    ("pair__isnull", False),
                    (
                        "state__in",
                        ["accepted", "en_route", "offered", "on_scene", "staged", "transporting", "with_person"],
                    ),
                ),
                fields=("pair", "slot"),
                name="pair_has_one_of_each_half",
            ),
        ),
        migrations.AddConstraint(
            model_name="assignment",
            constraint=models.CheckConstraint(
                condition=models.Q(("officer_handoff__isnull", True), ("pair__isnull", False), _connector="OR"),
                name="officer_handoff_is_of_a_pair",
            ),
        ),
        migrations.AddConstraint(
            model_name="assignment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("check_due_at__isnull", True), ("state__in", ["on_scene", "with_person"]), _connector="OR"
                ),
                name="safety_check_only_on_scene",
            ),
        ),
        migrations.AddConstraint(
            model_name="assignment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("from_lat__isnull", True), ("from_lon__isnull", True)),
                    models.Q(("from_lat__isnull", False), ("from_lon__isnull", False)),
                    _connector="OR",
                ),
                name="assignment_start_whole",
            ),
        ),
        migrations.AddField(
            model_name="reviewitem",
            name="by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="reviewitem",
            name="centre",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="reviews", to="accounts.centre"
            ),
        ),
        migrations.AddField(
            model_name="reviewitem",
            name="incident",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="reviews",
                to="dispatch.incident",
            ),
        ),
        migrations.AddField(
            model_name="reviewitem",
            name="reviewed_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="reviewitem",
            name="unit",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="responders.unit",
            ),
        ),
        migrations.AddIndex(
            model_name="reviewitem",
            index=models.Index(
                condition=models.Q(("reviewed_at__isnull", True)), fields=["centre", "at"], name="review_open"
            ),
        ),
        migrations.AddIndex(
            model_name="reviewitem",
            index=models.Index(
                condition=models.Q(("reviewed_at__isnull", False)),
                fields=["centre", "-reviewed_at"],
                name="review_done",
            ),
        ),
        migrations.AddConstraint(
            model_name="reviewitem",
            constraint=models.UniqueConstraint(fields=("kind", "subject"), name="review_once_per_subject"),
        ),
        migrations.AddConstraint(
            model_name="reviewitem",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("kind__in", ["return", "backup", "sent_class", "stage_order", "override", "escalation"])
                ),
                name="review_kind_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="reviewitem",
            constraint=models.CheckConstraint(
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
        ),
        migrations.AddConstraint(
            model_name="reviewitem",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("by__isnull", True),
                    ("reviewed_by__isnull", True),
                    models.Q(("reviewed_by", models.F("by")), _negated=True),
                    _connector="OR",
                ),
                name="review_is_by_another",
            ),
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
