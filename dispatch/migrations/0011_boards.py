"""Hand-over lists, further kinds of alarms, and what the overview counts by time."""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0004_boards"),
        ("dispatch", "0010_call_care"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
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
            ],
            options={
                "ordering": ["-offered_at"],
            },
        ),
        migrations.CreateModel(
            name="HandoverItem",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("moved_at", models.DateTimeField(blank=True, null=True)),
            ],
            options={
                "ordering": ["id"],
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
                    ("place_changed", "The place changed after sending: tell the crew"),
                ],
                max_length=24,
            ),
        ),
        migrations.AddIndex(
            model_name="alarm",
            index=models.Index(fields=["centre", "opened_at"], name="alarm_by_time"),
        ),
        migrations.AddIndex(
            model_name="call",
            index=models.Index(fields=["centre", "received_at"], name="call_by_time"),
        ),
        migrations.AddField(
            model_name="handover",
            name="centre",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="handovers", to="accounts.centre"
            ),
        ),
        migrations.AddField(
            model_name="handover",
            name="from_user",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="handovers_given", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="handover",
            name="to_user",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="handovers_received",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="handoveritem",
            name="alarm",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="dispatch.alarm",
            ),
        ),
        migrations.AddField(
            model_name="handoveritem",
            name="call",
            field=models.ForeignKey(
                blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="dispatch.call"
            ),
        ),
        migrations.AddField(
            model_name="handoveritem",
            name="handover",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="items", to="dispatch.handover"
            ),
        ),
        migrations.AddField(
            model_name="handoveritem",
            name="incident",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="dispatch.incident",
            ),
        ),
        migrations.AddIndex(
            model_name="handover",
            index=models.Index(condition=models.Q(("state", "offered")), fields=["to_user"], name="handover_waiting"),
        ),
        migrations.AddConstraint(
            model_name="handover",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "offered")), fields=("from_user",), name="one_handover_offered_at_a_time"
            ),
        ),
        migrations.AddConstraint(
            model_name="handover",
            constraint=models.CheckConstraint(
                condition=models.Q(("from_user", models.F("to_user")), _negated=True), name="handover_relief_is_another"
            ),
        ),
        migrations.AddConstraint(
            model_name="handover",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("ended_at__isnull", True), ("state", "offered")),
                    models.Q(
                        ("ended_at__isnull", False), ("state__in", ["accepted", "declined", "withdrawn", "taken"])
                    ),
                    _connector="OR",
                ),
                name="handover_end_is_whole",
            ),
        ),
        migrations.AddConstraint(
            model_name="handover",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "accepted"), _negated=True), ("read_at__isnull", False), _connector="OR"
                ),
                name="handover_read_before_accepted",
            ),
        ),
        migrations.AddConstraint(
            model_name="handover",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "taken"), _negated=True),
                    models.Q(("reason", ""), _negated=True),
                    _connector="OR",
                ),
                name="handover_taken_has_a_reason",
            ),
        ),
        migrations.AddConstraint(
            model_name="handoveritem",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("alarm__isnull", True), ("call__isnull", True), ("incident__isnull", False)),
                    models.Q(("alarm__isnull", True), ("call__isnull", False), ("incident__isnull", True)),
                    models.Q(("alarm__isnull", False), ("call__isnull", True), ("incident__isnull", True)),
                    _connector="OR",
                ),
                name="handover_item_is_one_thing",
            ),
        ),
        migrations.AddConstraint(
            model_name="handoveritem",
            constraint=models.UniqueConstraint(fields=("handover", "incident"), name="handover_incident_once"),
        ),
        migrations.AddConstraint(
            model_name="handoveritem",
            constraint=models.UniqueConstraint(fields=("handover", "call"), name="handover_call_once"),
        ),
        migrations.AddConstraint(
            model_name="handoveritem",
            constraint=models.UniqueConstraint(fields=("handover", "alarm"), name="handover_alarm_once"),
        ),
    ]
