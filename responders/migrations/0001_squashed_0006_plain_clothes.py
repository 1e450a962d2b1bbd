"""All tables of units, crews, shifts and positions, as one step for a new database.

A database that has taken the steps that this replaces counts it as taken. To be read beside the models.
"""

import uuid

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

FORWARD = """
CREATE TRIGGER unit_history_change BEFORE UPDATE OR DELETE ON responders_unithistory
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
"""

BACKWARD = """
DROP TRIGGER unit_history_change ON responders_unithistory;
"""


class Migration(migrations.Migration):
    replaces = [
        ("responders", "0001_initial"),
        ("responders", "0002_forbidden_changes"),
        ("responders", "0003_not_answering"),
        ("responders", "0004_team_beats"),
        ("responders", "0005_movement"),
        ("responders", "0006_plain_clothes"),
    ]

    initial = True

    dependencies = [
        ("accounts", "0001_squashed_0009_queue_map"),
    ]

    operations = [
        migrations.CreateModel(
            name="StatusRules",
            fields=[
                (
                    "centre",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="status_rules",
                        serialize=False,
                        to="accounts.centre",
                    ),
                ),
                (
                    "status_transitions",
                    models.CharField(
                        choices=[
                            ("off", "Apply it, say nothing"),
                            ("warn", "Apply it and say that it is out of order"),
                            ("enforce", "Refuse it"),
                        ],
                        default="warn",
                        max_length=8,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("status_transitions__in", ["off", "warn", "enforce"])),
                        name="status_rules_known",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Team",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("slug", models.SlugField()),
                ("name", models.CharField(max_length=120)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("mobile_team", "Mobile team"),
                            ("co_response", "Co-response"),
                            ("tele_clinician", "Tele-clinician"),
                            ("outreach", "Outreach"),
                        ],
                        max_length=16,
                    ),
                ),
                (
                    "agency",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="teams", to="accounts.agency"
                    ),
                ),
                (
                    "centre",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="teams", to="accounts.centre"
                    ),
                ),
                (
                    "beats",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=40),
                        blank=True,
                        default=list,
                        help_text="that it serves; empty: all of its programs'",
                        size=None,
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("centre", "slug"), name="team_slug_once")],
            },
        ),
        migrations.CreateModel(
            name="Unit",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("call_sign", models.CharField(max_length=24)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("mobile_team", "Mobile team"),
                            ("clinician", "Clinician desk"),
                            ("outreach", "Outreach"),
                            ("co_responder", "Co-responders"),
                            ("police", "Police"),
                            ("ems", "EMS"),
                            ("fire", "Fire"),
                        ],
                        max_length=16,
                    ),
                ),
                (
                    "capabilities",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=24), blank=True, default=list, size=None
                    ),
                ),
                (
                    "languages",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=12), blank=True, default=list, size=None
                    ),
                ),
                ("armed", models.BooleanField(default=False)),
                ("unmarked", models.BooleanField(default=False)),
                ("exclusive", models.BooleanField(default=True, help_text="takes one assignment at a time")),
                (
                    "service",
                    models.CharField(
                        choices=[
                            ("in_service", "In service"),
                            ("on_break", "On break"),
                            ("out_of_service", "Out of service"),
                        ],
                        default="in_service",
                        max_length=16,
                    ),
                ),
                ("service_reason", models.CharField(blank=True, max_length=80)),
                ("service_since", models.DateTimeField()),
                ("lat", models.FloatField(blank=True, null=True)),
                ("lon", models.FloatField(blank=True, null=True)),
                ("position_at", models.DateTimeField(blank=True, null=True)),
                ("version", models.PositiveIntegerField(default=1)),
                (
                    "agency",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="units", to="accounts.agency"
                    ),
                ),
                (
                    "centre",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="units", to="accounts.centre"
                    ),
                ),
                (
                    "team",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="units",
                        to="responders.team",
                    ),
                ),
                (
                    "answered_at",
                    models.DateTimeField(
                        blank=True,
                        help_text="when it was last heard after such a silence: what was before counts no more",
                        null=True,
                    ),
                ),
                (
                    "not_answering_reason",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("expired_twice", "let two offers run out"),
                            ("not_moving", "accepted and does not move"),
                            ("overdue", "under way for more than twice the expected time"),
                        ],
                        max_length=20,
                    ),
                ),
                (
                    "not_answering_since",
                    models.DateTimeField(
                        blank=True,
                        help_text="while set, the engine recommends the unit for nothing; never out of service",
                        null=True,
                    ),
                ),
                (
                    "heading_deg",
                    models.FloatField(
                        blank=True, help_text="where it moves, clockwise from north; if known", null=True
                    ),
                ),
                (
                    "position_by_tracker",
                    models.BooleanField(
                        default=False,
                        help_text="the vehicle's tracker gave it, which says nothing about the crew's phone",
                    ),
                ),
                ("speed_mps", models.FloatField(blank=True, help_text="metres a second; if known", null=True)),
                (
                    "plain_clothes",
                    models.BooleanField(default=False, help_text="its crew wears no uniform: others must be told"),
                ),
            ],
            options={
                "ordering": ["call_sign"],
                "constraints": [
                    models.UniqueConstraint(fields=("centre", "call_sign"), name="call_sign_once_per_centre"),
                    models.CheckConstraint(
                        condition=models.Q(("service__in", ["in_service", "on_break", "out_of_service"])),
                        name="unit_service_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("lat__isnull", True), ("lon__isnull", True), ("position_at__isnull", True)),
                            models.Q(("lat__isnull", False), ("lon__isnull", False), ("position_at__isnull", False)),
                            _connector="OR",
                        ),
                        name="unit_position_whole",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("not_answering_reason", ""), ("not_answering_since__isnull", True)),
                            models.Q(
                                ("not_answering_since__isnull", False),
                                models.Q(("not_answering_reason", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="unit_silence_whole",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("heading_deg__isnull", True), ("lat__isnull", True), ("speed_mps__isnull", True)),
                            models.Q(
                                ("lat__isnull", False),
                                models.Q(
                                    ("heading_deg__isnull", True),
                                    models.Q(("heading_deg__gte", 0), ("heading_deg__lt", 360)),
                                    _connector="OR",
                                ),
                                models.Q(("speed_mps__isnull", True), ("speed_mps__gte", 0), _connector="OR"),
                            ),
                            _connector="OR",
                        ),
                        name="unit_movement_possible",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CrewMember",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("since", models.DateTimeField()),
                ("until", models.DateTimeField(blank=True, null=True)),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="crews", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "unit",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="crew", to="responders.unit"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("until__isnull", True)),
                        fields=("user",),
                        name="person_on_one_unit_at_a_time",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Shift",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "days",
                    django.contrib.postgres.fields.ArrayField(base_field=models.PositiveSmallIntegerField(), size=None),
                ),
                ("starts_hour", models.PositiveSmallIntegerField()),
                ("ends_hour", models.PositiveSmallIntegerField()),
                (
                    "unit",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="shifts", to="responders.unit"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("ends_hour__range", (0, 24)), ("starts_hour__range", (0, 23))),
                        name="shift_hours_of_a_day",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="UnitHistory",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField()),
                ("action", models.CharField(max_length=32)),
                ("from_state", models.CharField(blank=True, max_length=16)),
                ("to_state", models.CharField(blank=True, max_length=16)),
                ("reason", models.CharField(blank=True, max_length=80)),
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
                    "unit",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="history", to="responders.unit"
                    ),
                ),
                ("device_at", models.DateTimeField(help_text="when it happened, by the phone's clock", null=True)),
            ],
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
