"""What the database itself forbids."""

from django.db import migrations

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
"""

BACKWARD = """
DROP TRIGGER audit_update ON accounts_auditrow;
DROP TRIGGER audit_delete ON accounts_auditrow;
DROP TRIGGER seal_change ON accounts_auditseal;
DROP TRIGGER centre_simulated ON accounts_centre;
DROP TRIGGER agency_simulated ON accounts_agency;
DROP FUNCTION audit_only_seals();
DROP FUNCTION simulated_never_changes();
DROP FUNCTION refuse_change();
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
