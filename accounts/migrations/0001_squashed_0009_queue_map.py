"""All tables of people, roles, displays and the audit trail, as one step for a new database.

A database that has taken the steps that this replaces counts it as taken. To be read beside the models.
"""

import django.contrib.auth.models
import django.contrib.auth.validators
import django.contrib.postgres.fields
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

FORWARD = """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;

CREATE FUNCTION audit_only_seals() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.seal IS NULL AND NEW.seal IS NOT NULL
       AND (OLD.id, OLD.at, OLD.centre_id, OLD.by_id, OLD.actor, OLD.action, OLD.entity, OLD.entity_id, OLD.detail)
           IS NOT DISTINCT FROM
           (NEW.id, NEW.at, NEW.centre_id, NEW.by_id, NEW.actor, NEW.action, NEW.entity, NEW.entity_id, NEW.detail)
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'audit rows are append-only' USING ERRCODE = 'restrict_violation';
END $$;

CREATE FUNCTION simulated_never_changes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.simulated IS DISTINCT FROM NEW.simulated THEN
        RAISE EXCEPTION 'simulated is set at creation and never changes' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER audit_update BEFORE UPDATE ON accounts_auditrow FOR EACH ROW EXECUTE FUNCTION audit_only_seals();
CREATE TRIGGER audit_delete BEFORE DELETE ON accounts_auditrow FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER seal_change BEFORE UPDATE OR DELETE ON accounts_auditseal FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER centre_simulated BEFORE UPDATE ON accounts_centre FOR EACH ROW EXECUTE FUNCTION simulated_never_changes();
CREATE TRIGGER agency_simulated BEFORE UPDATE ON accounts_agency FOR EACH ROW EXECUTE FUNCTION simulated_never_changes();

CREATE FUNCTION incident_numbers_begin() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('CREATE SEQUENCE IF NOT EXISTS incident_number_%s AS integer', NEW.id);
    RETURN NULL;
END $$;

CREATE TRIGGER centre_numbers AFTER INSERT ON accounts_centre FOR EACH ROW EXECUTE FUNCTION incident_numbers_begin();
"""

BACKWARD = """
DROP FUNCTION incident_numbers_begin() CASCADE;
DROP FUNCTION audit_only_seals() CASCADE;
DROP FUNCTION simulated_never_changes() CASCADE;
DROP FUNCTION refuse_change() CASCADE;

DO $$
DECLARE
    found record;
BEGIN
    FOR found IN SELECT relname FROM pg_class WHERE relkind = 'S' AND relname LIKE 'incident\\_number\\_%' LOOP
        EXECUTE format('DROP SEQUENCE %I', found.relname);
    END LOOP;
END $$;
"""


class Migration(migrations.Migration):
    replaces = [
        ("accounts", "0001_initial"),
        ("accounts", "0002_forbidden_changes"),
        ("accounts", "0003_centre_live_at"),
        ("accounts", "0004_boards"),
        ("accounts", "0005_thresholds"),
        ("accounts", "0006_wall_map"),
        ("accounts", "0007_crew_line"),
        ("accounts", "0008_incident_numbers"),
        ("accounts", "0009_queue_map"),
    ]

    initial = True

    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
    ]

    operations = [
        migrations.CreateModel(
            name="Centre",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("slug", models.SlugField(unique=True)),
                ("name", models.CharField(max_length=120)),
                ("time_zone", models.CharField(help_text="IANA name, for example America/Chicago", max_length=64)),
                ("simulated", models.BooleanField(default=False)),
                ("created_at", models.DateTimeField()),
                (
                    "live_at",
                    models.DateTimeField(
                        blank=True,
                        help_text="since when the centre takes real calls; empty until the go-live list is done",
                        null=True,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Agency",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("slug", models.SlugField()),
                ("name", models.CharField(max_length=120)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("centre", "Emergency communications centre"),
                            ("police", "Police"),
                            ("ems", "Emergency medical service"),
                            ("fire", "Fire"),
                            ("behavioral", "Behavioural health"),
                            ("community", "Community response"),
                        ],
                        max_length=16,
                    ),
                ),
                ("simulated", models.BooleanField(default=False)),
                (
                    "centre",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="agencies", to="accounts.centre"
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "agencies",
                "constraints": [
                    models.UniqueConstraint(fields=("centre", "slug"), name="agency_slug_once_per_centre"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("kind__in", ["centre", "police", "ems", "fire", "behavioral", "community"])
                        ),
                        name="agency_kind_known",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CentreThresholds",
            fields=[
                (
                    "centre",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="thresholds",
                        serialize=False,
                        to="accounts.centre",
                    ),
                ),
                ("answer_s", models.PositiveSmallIntegerField(default=15, help_text="from ringing to answered")),
                (
                    "entry_s",
                    models.PositiveSmallIntegerField(default=30, help_text="from answered to a place being known"),
                ),
                ("decision_s", models.PositiveSmallIntegerField(default=90, help_text="from answered to sent")),
                (
                    "waiting_s",
                    models.PositiveSmallIntegerField(
                        default=900, help_text="from sent to a crew's acceptance, no promise"
                    ),
                ),
                (
                    "callbacks_owed",
                    models.PositiveSmallIntegerField(default=2, help_text="tries that a lost call is owed"),
                ),
                (
                    "callback_within_s",
                    models.PositiveSmallIntegerField(default=120, help_text="in which all tries are made"),
                ),
            ],
            options={
                "verbose_name_plural": "centre thresholds",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("answer_s__range", (1, 600)),
                            ("callback_within_s__range", (30, 3600)),
                            ("callbacks_owed__range", (1, 5)),
                            ("decision_s__range", (1, 3600)),
                            ("entry_s__range", (1, 3600)),
                            ("waiting_s__range", (1, 14400)),
                        ),
                        name="thresholds_possible",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="CrewLine",
            fields=[
                (
                    "centre",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="crew_line",
                        serialize=False,
                        to="accounts.centre",
                    ),
                ),
                (
                    "answered_by",
                    models.CharField(help_text="who answers, for example: floor supervisor", max_length=60),
                ),
                ("call_number", models.CharField(help_text="E.164, or an emergency number such as 911", max_length=16)),
                (
                    "text_number",
                    models.CharField(blank=True, help_text="empty where nobody reads texts at once", max_length=16),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("call_number__regex", "^(\\+[1-9][0-9]{6,14}|[0-9]{3})$"),
                            ("text_number__regex", "^(|\\+[1-9][0-9]{6,14}|[0-9]{3})$"),
                        ),
                        name="crew_line_is_numbers",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("answered_by", ""), _negated=True), name="crew_line_has_somebody"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="User",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("password", models.CharField(max_length=128, verbose_name="password")),
                ("last_login", models.DateTimeField(blank=True, null=True, verbose_name="last login")),
                (
                    "is_superuser",
                    models.BooleanField(
                        default=False,
                        help_text="Designates that this user has all permissions without explicitly assigning them.",
                        verbose_name="superuser status",
                    ),
                ),
                (
                    "username",
                    models.CharField(
                        error_messages={"unique": "A user with that username already exists."},
                        help_text="Required. 150 characters or fewer. Letters, digits and @/./+/-/_ only.",
                        max_length=150,
                        unique=True,
                        validators=[django.contrib.auth.validators.UnicodeUsernameValidator()],
                        verbose_name="username",
                    ),
                ),
                ("first_name", models.CharField(blank=True, max_length=150, verbose_name="first name")),
                ("last_name", models.CharField(blank=True, max_length=150, verbose_name="last name")),
                ("email", models.EmailField(blank=True, max_length=254, verbose_name="email address")),
                (
                    "is_staff",
                    models.BooleanField(
                        default=False,
                        help_text="Designates whether the user can log into this admin site.",
                        verbose_name="staff status",
                    ),
                ),
                (
                    "is_active",
                    models.BooleanField(
                        default=True,
                        help_text="Designates whether this user should be treated as active. Unselect this instead of deleting accounts.",
                        verbose_name="active",
                    ),
                ),
                ("date_joined", models.DateTimeField(default=django.utils.timezone.now, verbose_name="date joined")),
                ("display_name", models.CharField(blank=True, max_length=120)),
                (
                    "languages",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=12), blank=True, default=list, size=None
                    ),
                ),
                ("single_key_shortcuts", models.BooleanField(default=True)),
                (
                    "theme",
                    models.CharField(choices=[("dark", "Dark"), ("light", "Light")], default="dark", max_length=5),
                ),
                (
                    "groups",
                    models.ManyToManyField(
                        blank=True,
                        help_text="The groups this user belongs to. A user will get all permissions granted to each of their groups.",
                        related_name="user_set",
                        related_query_name="user",
                        to="auth.group",
                        verbose_name="groups",
                    ),
                ),
                (
                    "user_permissions",
                    models.ManyToManyField(
                        blank=True,
                        help_text="Specific permissions for this user.",
                        related_name="user_set",
                        related_query_name="user",
                        to="auth.permission",
                        verbose_name="user permissions",
                    ),
                ),
                (
                    "agency",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="people",
                        to="accounts.agency",
                    ),
                ),
                (
                    "centre",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="people",
                        to="accounts.centre",
                    ),
                ),
                (
                    "density",
                    models.CharField(
                        choices=[("comfortable", "Comfortable"), ("compact", "Compact")],
                        default="comfortable",
                        max_length=11,
                    ),
                ),
                (
                    "sound",
                    models.CharField(
                        blank=True,
                        choices=[("", "As the position"), ("on", "On"), ("off", "Off")],
                        help_text="empty: on for those who own alarms, off for call takers",
                        max_length=3,
                    ),
                ),
                ("sound_volume", models.PositiveSmallIntegerField(default=5)),
                (
                    "keymap",
                    models.JSONField(
                        blank=True, default=dict, help_text="console keys of one's own: default key to chosen key"
                    ),
                ),
                ("queue_map", models.BooleanField(default=False, help_text="a map stands beside the queue")),
            ],
            options={
                "verbose_name": "user",
                "verbose_name_plural": "users",
                "abstract": False,
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("density__in", ["comfortable", "compact"]),
                            ("sound__in", ["", "on", "off"]),
                            ("sound_volume__range", (1, 10)),
                        ),
                        name="person_settings_known",
                    )
                ],
            },
            managers=[
                ("objects", django.contrib.auth.models.UserManager()),
            ],
        ),
        migrations.CreateModel(
            name="AuditRow",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField()),
                (
                    "actor",
                    models.CharField(help_text="user, engine, sweeper, display:<id> or token:<id>", max_length=60),
                ),
                ("action", models.CharField(max_length=60)),
                ("entity", models.CharField(blank=True, max_length=40)),
                ("entity_id", models.CharField(blank=True, max_length=40)),
                ("detail", models.JSONField(default=dict)),
                ("seal", models.CharField(max_length=64, null=True, unique=True)),
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
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.centre"
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["entity", "entity_id"], name="audit_entity"),
                    models.Index(condition=models.Q(("seal__isnull", True)), fields=["id"], name="audit_unsealed"),
                ],
            },
        ),
        migrations.CreateModel(
            name="DisplayDevice",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=80)),
                ("token_hash", models.CharField(max_length=64, unique=True)),
                ("created_at", models.DateTimeField()),
                ("revoked_at", models.DateTimeField(blank=True, null=True)),
                (
                    "centre",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="displays", to="accounts.centre"
                    ),
                ),
                (
                    "created_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "distance_cm",
                    models.PositiveSmallIntegerField(default=500, help_text="from the panel to the farthest reader"),
                ),
                ("height_px", models.PositiveSmallIntegerField(default=1080)),
                ("panel_inches", models.PositiveSmallIntegerField(default=65, help_text="diagonal of the picture")),
                (
                    "theme",
                    models.CharField(
                        choices=[
                            ("night", "Dark, always"),
                            ("day", "Light, always"),
                            ("clock", "Light from 07:00 to 19:00"),
                        ],
                        default="night",
                        max_length=5,
                    ),
                ),
                ("width_px", models.PositiveSmallIntegerField(default=1920)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("distance_cm__range", (50, 3000)), ("panel_inches__range", (20, 150))),
                        name="display_room_possible",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("height_px__range", (600, 4320)), ("width_px__range", (800, 7680))),
                        name="display_picture_possible",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("theme__in", ["night", "day", "clock"])), name="display_theme_known"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Presence",
            fields=[
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="presence",
                        serialize=False,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("at", models.DateTimeField()),
                ("page", models.CharField(max_length=20)),
            ],
        ),
        migrations.CreateModel(
            name="RoleGrant",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "role",
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
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="role_grants",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("user", "role"), name="role_once_per_person"),
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "role__in",
                                [
                                    "call_taker",
                                    "dispatcher",
                                    "clinician",
                                    "responder",
                                    "supervisor",
                                    "program_administrator",
                                    "system_administrator",
                                    "analyst",
                                    "auditor",
                                ],
                            )
                        ),
                        name="role_known",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="AuditSeal",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("seal", models.CharField(max_length=64, unique=True)),
                (
                    "row",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.auditrow"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="DisplayLayout",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("place", models.PositiveSmallIntegerField()),
                (
                    "layout",
                    models.CharField(
                        choices=[
                            ("queue", "Queue and units"),
                            ("measures", "Measures"),
                            ("program", "One program"),
                            ("county", "County-wide, by beat and agency"),
                            ("map", "Map, with calls and units"),
                        ],
                        max_length=8,
                    ),
                ),
                ("program", models.SlugField(blank=True, help_text="for the layout of one program")),
                ("seconds", models.PositiveSmallIntegerField(default=30)),
                (
                    "display",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="layouts", to="accounts.displaydevice"
                    ),
                ),
            ],
            options={
                "ordering": ["display", "place"],
                "constraints": [
                    models.UniqueConstraint(fields=("display", "place"), name="display_place_once"),
                    models.CheckConstraint(
                        condition=models.Q(("seconds__range", (10, 600))), name="display_layout_seconds_readable"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("layout__in", ["queue", "measures", "county", "map"]), ("program", "")),
                            models.Q(("layout", "program"), models.Q(("program", ""), _negated=True)),
                            _connector="OR",
                        ),
                        name="display_layout_whole",
                    ),
                ],
            },
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
