"""All tables of the events that boards follow, as one step for a new database.

A database that has taken the steps that this replaces counts it as taken. To be read beside the models.
"""

import uuid

from django.db import migrations, models

FORWARD = """
CREATE FUNCTION live_event_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.number IS NULL AND NEW.number IS NOT NULL
        AND to_jsonb(NEW) - 'number' = to_jsonb(OLD) - 'number' THEN
        RETURN NEW;
    END IF;
    IF TG_OP = 'DELETE' AND OLD.at < now() - interval '14 days'
        AND OLD.number < (SELECT max(number) FROM live_event) THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'live_event is append-only' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER live_event_append_only BEFORE UPDATE OR DELETE ON live_event
    FOR EACH ROW EXECUTE FUNCTION live_event_guard();
"""

BACKWARD = """
DROP TRIGGER live_event_append_only ON live_event;
DROP FUNCTION live_event_guard();
"""


class Migration(migrations.Migration):
    replaces = [("live", "0001_initial"), ("live", "0002_append_only"), ("live", "0003_retention")]

    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Event",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("number", models.BigIntegerField(editable=False, null=True, unique=True)),
                ("centre_id", models.BigIntegerField()),
                ("entity", models.CharField(max_length=40)),
                ("entity_id", models.UUIDField()),
                ("version", models.IntegerField()),
                ("kind", models.CharField(max_length=60)),
                ("ids", models.JSONField(default=dict)),
                ("at", models.DateTimeField()),
            ],
            options={
                "ordering": ["id"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("number__isnull", True)), fields=["id"], name="live_event_unnumbered"
                    ),
                    models.Index(fields=["centre_id", "number"], name="live_event_centre_number"),
                    models.Index(fields=["entity_id", "id"], name="live_event_entity"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("version__gte", 0)), name="live_event_version_not_negative"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("number__isnull", True), ("number__gt", 0), _connector="OR"),
                        name="live_event_number_positive",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Heartbeat",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "centre_id", "role", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("centre_id", models.BigIntegerField()),
                ("role", models.CharField(max_length=20)),
                ("at", models.DateTimeField()),
                ("published", models.BigIntegerField(default=0)),
            ],
            options={
                "db_table": "live_heartbeat",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("role", ""), _negated=True), name="live_heartbeat_role_named"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="LiveEpoch",
            fields=[
                ("id", models.SmallIntegerField(default=1, editable=False, primary_key=True, serialize=False)),
                ("epoch", models.UUIDField(default=uuid.uuid4, editable=False)),
            ],
            options={
                "constraints": [models.CheckConstraint(condition=models.Q(("id", 1)), name="live_epoch_single_row")],
            },
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
