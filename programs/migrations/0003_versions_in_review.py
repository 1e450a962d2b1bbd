"""Review and publishing by two people, going live at a time, kept checks, the history of versions."""

import uuid

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

FORWARD = """
CREATE OR REPLACE FUNCTION version_is_immutable() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state NOT IN ('draft', 'in_review')
       AND (to_jsonb(OLD) - 'state') IS DISTINCT FROM (to_jsonb(NEW) - 'state')
    THEN
        RAISE EXCEPTION 'a published version never changes: make a new one' USING ERRCODE = 'restrict_violation';
    END IF;
    IF OLD.state NOT IN ('draft', 'in_review') AND NEW.state IN ('draft', 'in_review') THEN
        RAISE EXCEPTION 'a version that was live never becomes a draft again' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER version_step_change BEFORE UPDATE OR DELETE ON programs_versionstep
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER check_change BEFORE UPDATE OR DELETE ON programs_check
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
"""

BACKWARD = """
DROP TRIGGER version_step_change ON programs_versionstep;
DROP TRIGGER check_change ON programs_check;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0003_centre_live_at"),
        ("programs", "0002_forbidden_changes"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Check",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("proof", "Proof of the safety invariants"),
                            ("company", "Gaps and overlaps with the other programs"),
                            ("difference", "Calls whose decision changes"),
                        ],
                        max_length=12,
                    ),
                ),
                ("digest", models.CharField(max_length=64)),
                ("holds", models.BooleanField(help_text="whether nothing was found that forbids publishing")),
                ("findings", models.JSONField(default=list)),
                ("made_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="VersionStep",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField()),
                ("action", models.CharField(max_length=16)),
                ("from_state", models.CharField(max_length=12)),
                ("to_state", models.CharField(max_length=12)),
                ("words", models.CharField(blank=True, max_length=1000)),
            ],
        ),
        migrations.RemoveConstraint(
            model_name="programversion",
            name="program_version_state_known",
        ),
        migrations.RemoveConstraint(
            model_name="protocolversion",
            name="protocol_version_state_known",
        ),
        migrations.AddField(
            model_name="programversion",
            name="base",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="programs.programversion",
            ),
        ),
        migrations.AddField(
            model_name="programversion",
            name="editors",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.BigIntegerField(), blank=True, default=list, size=None
            ),
        ),
        migrations.AddField(
            model_name="programversion",
            name="locks",
            field=models.JSONField(blank=True, default=dict),
        ),
        migrations.AddField(
            model_name="programversion",
            name="saved_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="programversion",
            name="unsaved",
            field=models.JSONField(blank=True, default=dict),
        ),
        migrations.AddField(
            model_name="protocolversion",
            name="approver",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="protocolversion",
            name="author",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="protocolversion",
            name="base",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="programs.protocolversion",
            ),
        ),
        migrations.AddField(
            model_name="protocolversion",
            name="effective_from",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="protocolversion",
            name="reason",
            field=models.TextField(blank=True),
        ),
        migrations.AlterField(
            model_name="programversion",
            name="state",
            field=models.CharField(
                choices=[
                    ("draft", "Draft"),
                    ("in_review", "In review"),
                    ("scheduled", "Approved, not live yet"),
                    ("published", "Published"),
                    ("superseded", "Superseded"),
                    ("retired", "Retired"),
                ],
                default="draft",
                max_length=12,
            ),
        ),
        migrations.AlterField(
            model_name="protocolversion",
            name="state",
            field=models.CharField(
                choices=[
                    ("draft", "Draft"),
                    ("in_review", "In review"),
                    ("scheduled", "Approved, not live yet"),
                    ("published", "Published"),
                    ("superseded", "Superseded"),
                    ("retired", "Retired"),
                ],
                default="draft",
                max_length=12,
            ),
        ),
        migrations.AddConstraint(
            model_name="check",
            constraint=models.UniqueConstraint(fields=("kind", "digest"), name="check_once_per_content"),
        ),
        migrations.AddConstraint(
            model_name="check",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["proof", "company", "difference"])), name="check_kind_known"
            ),
        ),
        migrations.AddField(
            model_name="programversion",
            name="proof",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="programs.check",
            ),
        ),
        migrations.AddField(
            model_name="protocolversion",
            name="proof",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="programs.check",
            ),
        ),
        migrations.AddConstraint(
            model_name="programversion",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "scheduled")),
                fields=("program",),
                name="one_scheduled_version_per_program",
            ),
        ),
        migrations.AddConstraint(
            model_name="programversion",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("state__in", ["draft", "in_review", "scheduled", "published", "superseded", "retired"])
                ),
                name="program_version_state_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="programversion",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "scheduled"), _negated=True), ("effective_from__isnull", False), _connector="OR"
                ),
                name="scheduled_program_has_a_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="protocolversion",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("state__in", ["draft", "in_review", "scheduled", "published", "superseded", "retired"])
                ),
                name="protocol_version_state_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="protocolversion",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "scheduled")), fields=("centre",), name="one_scheduled_protocol_per_centre"
            ),
        ),
        migrations.AddConstraint(
            model_name="protocolversion",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("approver__isnull", True),
                    models.Q(("approver", models.F("author")), _negated=True),
                    _connector="OR",
                ),
                name="protocol_version_two_people",
            ),
        ),
        migrations.AddConstraint(
            model_name="protocolversion",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "scheduled"), _negated=True), ("effective_from__isnull", False), _connector="OR"
                ),
                name="scheduled_protocol_has_a_time",
            ),
        ),
        migrations.AddField(
            model_name="versionstep",
            name="by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="versionstep",
            name="program_version",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="steps",
                to="programs.programversion",
            ),
        ),
        migrations.AddField(
            model_name="versionstep",
            name="protocol_version",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="steps",
                to="programs.protocolversion",
            ),
        ),
        migrations.AddConstraint(
            model_name="versionstep",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("program_version__isnull", False), ("protocol_version__isnull", False), _connector="XOR"
                ),
                name="version_step_has_one_version",
            ),
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
