"""All tables of programs, protocols and their versions, as one step for a new database.

A database that has taken the steps that this replaces counts it as taken. To be read beside the models.
"""

import uuid

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

FORWARD = """
CREATE FUNCTION version_is_immutable() RETURNS trigger LANGUAGE plpgsql AS $$
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

CREATE FUNCTION version_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state NOT IN ('draft', 'in_review') THEN
        RAISE EXCEPTION 'a version that was live is kept for ever' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN OLD;
END $$;

CREATE TRIGGER program_version_change BEFORE UPDATE ON programs_programversion
    FOR EACH ROW EXECUTE FUNCTION version_is_immutable();
CREATE TRIGGER program_version_delete BEFORE DELETE ON programs_programversion
    FOR EACH ROW EXECUTE FUNCTION version_is_kept();
CREATE TRIGGER protocol_version_change BEFORE UPDATE ON programs_protocolversion
    FOR EACH ROW EXECUTE FUNCTION version_is_immutable();
CREATE TRIGGER protocol_version_delete BEFORE DELETE ON programs_protocolversion
    FOR EACH ROW EXECUTE FUNCTION version_is_kept();
CREATE TRIGGER version_step_change BEFORE UPDATE OR DELETE ON programs_versionstep
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER check_change BEFORE UPDATE OR DELETE ON programs_check
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
"""

BACKWARD = """
DROP TRIGGER program_version_change ON programs_programversion;
DROP TRIGGER program_version_delete ON programs_programversion;
DROP TRIGGER protocol_version_change ON programs_protocolversion;
DROP TRIGGER protocol_version_delete ON programs_protocolversion;
DROP TRIGGER version_step_change ON programs_versionstep;
DROP TRIGGER check_change ON programs_check;
DROP FUNCTION version_is_immutable();
DROP FUNCTION version_is_kept();
"""


class Migration(migrations.Migration):
    replaces = [
        ("programs", "0001_initial"),
        ("programs", "0002_forbidden_changes"),
        ("programs", "0003_versions_in_review"),
        ("programs", "0004_backtests"),
        ("programs", "0005_readiness"),
        ("programs", "0006_protocol_editors"),
    ]

    initial = True

    dependencies = [
        ("accounts", "0001_squashed_0009_queue_map"),
        ("responders", "0001_squashed_0006_plain_clothes"),
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
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("kind", "digest"), name="check_once_per_content"),
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["proof", "company", "difference"])), name="check_kind_known"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Program",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("slug", models.SlugField()),
                ("name", models.CharField(max_length=120)),
                (
                    "agency",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="programs", to="accounts.agency"
                    ),
                ),
                (
                    "centre",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="programs", to="accounts.centre"
                    ),
                ),
                ("teams", models.ManyToManyField(blank=True, related_name="programs", to="responders.team")),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("centre", "slug"), name="program_slug_once_per_centre")
                ],
            },
        ),
        migrations.CreateModel(
            name="Readiness",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "item",
                    models.CharField(
                        choices=[
                            ("natures", "The centre's own nature codes are mapped"),
                            ("cards", "Paper cards are printed and lie at every seat"),
                        ],
                        max_length=12,
                    ),
                ),
                ("at", models.DateTimeField()),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "centre",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="readiness", to="accounts.centre"
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "readiness",
                "constraints": [
                    models.UniqueConstraint(fields=("centre", "item"), name="readiness_once"),
                    models.CheckConstraint(
                        condition=models.Q(("item__in", ["natures", "cards"])), name="readiness_item_known"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Suspension",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "scope",
                    models.CharField(
                        choices=[
                            ("all", "All diversion"),
                            ("program", "One program"),
                            ("beat", "One beat"),
                            ("nature", "One nature"),
                        ],
                        max_length=8,
                    ),
                ),
                ("subject", models.CharField(blank=True, help_text="slug or beat name; empty for all", max_length=80)),
                ("reason", models.CharField(max_length=200)),
                ("set_at", models.DateTimeField()),
                ("resume_asked_at", models.DateTimeField(blank=True, null=True)),
                ("lifted_at", models.DateTimeField(blank=True, null=True)),
                (
                    "centre",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="suspensions", to="accounts.centre"
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
                (
                    "resume_asked_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "set_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("lifted_at__isnull", True)),
                        fields=("centre", "scope", "subject"),
                        name="suspension_once_while_on",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("lifted_at__isnull", True),
                            models.Q(
                                ("resume_asked_by__isnull", False),
                                models.Q(("lifted_by", models.F("resume_asked_by")), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="suspension_resume_takes_two",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ProgramVersion",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("number", models.PositiveIntegerField()),
                (
                    "state",
                    models.CharField(
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
                ("spec", models.JSONField()),
                ("area", models.JSONField()),
                ("created_at", models.DateTimeField()),
                ("published_at", models.DateTimeField(blank=True, null=True)),
                ("effective_from", models.DateTimeField(blank=True, null=True)),
                ("reason", models.TextField(blank=True)),
                (
                    "approver",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "author",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "program",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="versions", to="programs.program"
                    ),
                ),
                (
                    "base",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="programs.programversion",
                    ),
                ),
                (
                    "editors",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(), blank=True, default=list, size=None
                    ),
                ),
                ("locks", models.JSONField(blank=True, default=dict)),
                ("saved_at", models.DateTimeField(blank=True, null=True)),
                ("unsaved", models.JSONField(blank=True, default=dict)),
                (
                    "proof",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="programs.check",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("program", "number"), name="program_version_number_once"),
                    models.UniqueConstraint(
                        condition=models.Q(("state", "published")),
                        fields=("program",),
                        name="one_published_version_per_program",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("approver__isnull", True),
                            models.Q(("approver", models.F("author")), _negated=True),
                            _connector="OR",
                        ),
                        name="program_version_two_people",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state", "scheduled")),
                        fields=("program",),
                        name="one_scheduled_version_per_program",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state__in", ["draft", "in_review", "scheduled", "published", "superseded", "retired"])
                        ),
                        name="program_version_state_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "scheduled"), _negated=True),
                            ("effective_from__isnull", False),
                            _connector="OR",
                        ),
                        name="scheduled_program_has_a_time",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ProtocolVersion",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("number", models.PositiveIntegerField()),
                (
                    "state",
                    models.CharField(
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
                ("data", models.JSONField()),
                ("medical_director", models.CharField(blank=True, max_length=120)),
                ("review_by", models.DateField(blank=True, null=True)),
                ("created_at", models.DateTimeField()),
                ("published_at", models.DateTimeField(blank=True, null=True)),
                (
                    "centre",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="protocols", to="accounts.centre"
                    ),
                ),
                (
                    "approver",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "author",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "base",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="programs.protocolversion",
                    ),
                ),
                ("effective_from", models.DateTimeField(blank=True, null=True)),
                ("reason", models.TextField(blank=True)),
                (
                    "proof",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="programs.check",
                    ),
                ),
                (
                    "editors",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(), blank=True, default=list, size=None
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("centre", "number"), name="protocol_version_number_once"),
                    models.UniqueConstraint(
                        condition=models.Q(("state", "published")),
                        fields=("centre",),
                        name="one_published_protocol_per_centre",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state__in", ["draft", "in_review", "scheduled", "published", "superseded", "retired"])
                        ),
                        name="protocol_version_state_known",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state", "scheduled")),
                        fields=("centre",),
                        name="one_scheduled_protocol_per_centre",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("approver__isnull", True),
                            models.Q(("approver", models.F("author")), _negated=True),
                            _connector="OR",
                        ),
                        name="protocol_version_two_people",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "scheduled"), _negated=True),
                            ("effective_from__isnull", False),
                            _connector="OR",
                        ),
                        name="scheduled_protocol_has_a_time",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="BacktestRun",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("spec", models.JSONField()),
                ("area", models.JSONField()),
                (
                    "source",
                    models.CharField(
                        choices=[("decisions", "Decisions stored here"), ("log", "A call log")], max_length=12
                    ),
                ),
                ("from_at", models.DateTimeField(blank=True, null=True)),
                ("until_at", models.DateTimeField(blank=True, null=True)),
                ("log_name", models.CharField(blank=True, max_length=120)),
                ("log_map", models.CharField(blank=True, max_length=80)),
                ("log_bad", models.PositiveIntegerField(default=0, help_text="rows of the log that could not be read")),
                ("units", models.PositiveSmallIntegerField()),
                ("minutes", models.PositiveSmallIntegerField()),
                ("seed", models.PositiveIntegerField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("queued", "Waits for a worker"),
                            ("running", "Running"),
                            ("finished", "Finished"),
                            ("cancelled", "Cancelled"),
                            ("failed", "Failed"),
                        ],
                        default="queued",
                        max_length=12,
                    ),
                ),
                ("total", models.PositiveIntegerField(default=0)),
                ("done", models.PositiveIntegerField(default=0)),
                ("cursor", models.CharField(blank=True, max_length=80)),
                ("tally", models.JSONField(blank=True, null=True)),
                ("result", models.JSONField(blank=True, null=True)),
                ("problem", models.CharField(blank=True, max_length=200)),
                ("requested_at", models.DateTimeField()),
                ("started_at", models.DateTimeField(blank=True, null=True)),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                ("lease", models.UUIDField(blank=True, null=True)),
                ("heard_at", models.DateTimeField(blank=True, null=True)),
                (
                    "live",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="programs.programversion",
                    ),
                ),
                (
                    "protocol",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="programs.protocolversion"
                    ),
                ),
                (
                    "requested_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="backtests",
                        to="programs.programversion",
                    ),
                ),
            ],
            options={
                "ordering": ["-requested_at"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("state__in", ["queued", "running"])),
                        fields=["requested_at"],
                        name="backtest_due",
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["queued", "running", "finished", "cancelled", "failed"])),
                        name="backtest_state_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("from_at__isnull", False),
                                ("source", "decisions"),
                                ("until_at__gt", models.F("from_at")),
                                ("until_at__isnull", False),
                            ),
                            models.Q(
                                ("from_at__isnull", True),
                                ("source", "log"),
                                ("until_at__isnull", True),
                                models.Q(("log_name", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="backtest_has_one_source",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("finished_at__isnull", True), ("state__in", ["queued", "running"])),
                            models.Q(
                                ("finished_at__isnull", False), ("state__in", ["finished", "cancelled", "failed"])
                            ),
                            _connector="OR",
                        ),
                        name="backtest_ends_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "running"), _negated=True),
                            models.Q(("heard_at__isnull", False), ("lease__isnull", False)),
                            _connector="OR",
                        ),
                        name="backtest_running_has_a_worker",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "finished"), _negated=True), ("result__isnull", False), _connector="OR"
                        ),
                        name="backtest_finishes_with_a_result",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("units__gte", 1), ("minutes__range", (1, 1440))),
                        name="backtest_assumptions_possible",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state__in", ["queued", "running"])),
                        fields=("version",),
                        name="backtest_one_at_a_time",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ShadowRun",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("spec", models.JSONField()),
                ("area", models.JSONField()),
                ("from_at", models.DateTimeField()),
                ("until_at", models.DateTimeField()),
                ("units", models.PositiveSmallIntegerField()),
                ("minutes", models.PositiveSmallIntegerField()),
                (
                    "state",
                    models.CharField(
                        choices=[("running", "In shadow"), ("ended", "Ended"), ("stopped", "Stopped before its end")],
                        default="running",
                        max_length=12,
                    ),
                ),
                ("cursor", models.CharField(blank=True, max_length=80)),
                (
                    "counted_to",
                    models.DateTimeField(blank=True, help_text="decisions up to here are in the figures", null=True),
                ),
                ("tally", models.JSONField(blank=True, null=True)),
                ("requested_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                (
                    "protocol",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="programs.protocolversion"
                    ),
                ),
                (
                    "requested_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="shadows",
                        to="programs.programversion",
                    ),
                ),
            ],
            options={
                "ordering": ["-requested_at"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["running", "ended", "stopped"])), name="shadow_state_known"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("until_at__gt", models.F("from_at"))), name="shadow_ends_after_it_starts"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("ended_at__isnull", True), ("state", "running")),
                            models.Q(("ended_at__isnull", False), ("state__in", ["ended", "stopped"])),
                            _connector="OR",
                        ),
                        name="shadow_ends_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("units__gte", 1), ("minutes__range", (1, 1440))),
                        name="shadow_assumptions_possible",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state", "running")),
                        fields=("version",),
                        name="shadow_once_at_a_time_per_version",
                    ),
                ],
            },
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
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="steps",
                        to="programs.programversion",
                    ),
                ),
                (
                    "protocol_version",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="steps",
                        to="programs.protocolversion",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("program_version__isnull", False), ("protocol_version__isnull", False), _connector="XOR"
                        ),
                        name="version_step_has_one_version",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="BacktestBatch",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField()),
                ("cases", models.JSONField()),
                (
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="batches", to="programs.backtestrun"
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("run", "number"), name="backtest_batch_once")],
            },
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
