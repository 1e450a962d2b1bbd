from django.db import migrations

FORWARD = """
CREATE OR REPLACE FUNCTION live_event_guard() RETURNS trigger LANGUAGE plpgsql AS $$
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
"""
BACKWARD = """
CREATE OR REPLACE FUNCTION live_event_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.number IS NULL AND NEW.number IS NOT NULL
        AND to_jsonb(NEW) - 'number' = to_jsonb(OLD) - 'number' THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'live_event is append-only' USING ERRCODE = 'restrict_violation';
END $$;
"""


class Migration(migrations.Migration):
    """Events tell boards and followers what changed; history and audit are the record. After 14 days they may go.

    Never the last one, from which the next number is counted, nor one that has no number yet.
    """

    dependencies = [("live", "0002_append_only")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
