"""What the database itself forbids."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION version_is_immutable() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state NOT IN ('draft', 'in_review')
       AND (to_jsonb(OLD) - 'state') IS DISTINCT FROM (to_jsonb(NEW) - 'state')
    THEN
        RAISE EXCEPTION 'a published version never changes: make a new one' USING ERRCODE = 'restrict_violation';
    END IF;
    IF OLD.state IN ('superseded', 'retired') AND NEW.state IN ('draft', 'in_review') THEN
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
"""

BACKWARD = """
DROP TRIGGER program_version_change ON programs_programversion;
DROP TRIGGER program_version_delete ON programs_programversion;
DROP TRIGGER protocol_version_change ON programs_protocolversion;
DROP TRIGGER protocol_version_delete ON programs_protocolversion;
DROP FUNCTION version_is_immutable();
DROP FUNCTION version_is_kept();
"""


class Migration(migrations.Migration):
    dependencies = [("programs", "0001_initial"), ("accounts", "0002_forbidden_changes")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
