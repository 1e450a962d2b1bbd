"""What the database itself forbids."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION only_columns_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (to_jsonb(OLD) - TG_ARGV::text[]) IS DISTINCT FROM (to_jsonb(NEW) - TG_ARGV::text[]) THEN
        RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER history_change BEFORE UPDATE OR DELETE ON dispatch_historyrow
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER answer_change BEFORE UPDATE ON dispatch_answer
    FOR EACH ROW EXECUTE FUNCTION only_columns_change('incident_id');
CREATE TRIGGER answer_delete BEFORE DELETE ON dispatch_answer FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER location_change BEFORE UPDATE ON dispatch_locationentry
    FOR EACH ROW EXECUTE FUNCTION only_columns_change('incident_id', 'place_id');
CREATE TRIGGER location_delete BEFORE DELETE ON dispatch_locationentry FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER narrative_change BEFORE UPDATE ON dispatch_narrativeentry
    FOR EACH ROW EXECUTE FUNCTION only_columns_change('incident_id', 'struck_at', 'struck_by_id');
CREATE TRIGGER narrative_delete BEFORE DELETE ON dispatch_narrativeentry FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER decision_change BEFORE UPDATE ON dispatch_decision
    FOR EACH ROW EXECUTE FUNCTION only_columns_change('state', 'second_by_id', 'second_at');
CREATE TRIGGER decision_delete BEFORE DELETE ON dispatch_decision FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER call_delete BEFORE DELETE ON dispatch_call FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER incident_delete BEFORE DELETE ON dispatch_incident FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER assignment_delete BEFORE DELETE ON dispatch_assignment FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER handoff_delete BEFORE DELETE ON dispatch_handoff FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER stage_order_delete BEFORE DELETE ON dispatch_stageorder FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER alarm_delete BEFORE DELETE ON dispatch_alarm FOR EACH ROW EXECUTE FUNCTION refuse_change();
"""

BACKWARD = """
DROP TRIGGER history_change ON dispatch_historyrow;
DROP TRIGGER answer_change ON dispatch_answer;
DROP TRIGGER answer_delete ON dispatch_answer;
DROP TRIGGER location_change ON dispatch_locationentry;
DROP TRIGGER location_delete ON dispatch_locationentry;
DROP TRIGGER narrative_change ON dispatch_narrativeentry;
DROP TRIGGER narrative_delete ON dispatch_narrativeentry;
DROP TRIGGER decision_change ON dispatch_decision;
DROP TRIGGER decision_delete ON dispatch_decision;
DROP TRIGGER call_delete ON dispatch_call;
DROP TRIGGER incident_delete ON dispatch_incident;
DROP TRIGGER assignment_delete ON dispatch_assignment;
DROP TRIGGER handoff_delete ON dispatch_handoff;
DROP TRIGGER stage_order_delete ON dispatch_stageorder;
DROP TRIGGER alarm_delete ON dispatch_alarm;
DROP FUNCTION only_columns_change();
"""


class Migration(migrations.Migration):
    dependencies = [("dispatch", "0001_initial"), ("accounts", "0002_forbidden_changes")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
