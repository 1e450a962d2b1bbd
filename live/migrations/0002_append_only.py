from django.db import migrations

FORWARD = """
CREATE FUNCTION live_event_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.number IS NULL AND NEW.number IS NOT NULL
        AND to_jsonb(NEW) - 'number' = to_jsonb(OLD) - 'number' THEN
        RETURN NEW;
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
    """Only the number of an event may change, once, from nothing; no event is ever deleted."""

    dependencies = [("live", "0001_initial")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
