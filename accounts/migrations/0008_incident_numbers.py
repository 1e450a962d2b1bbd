"""Incident numbers come from one sequence per centre, made with the centre.

A counter in the centre's row was locked by each new call until its transaction ended: whoever was stopped in between
held up every other new call of the centre. A sequence is never waited for. What is rolled back leaves a gap; numbers
were never promised to be without gaps, only to be given once.
"""

from django.db import migrations

FORWARD = """
CREATE FUNCTION incident_numbers_begin() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('CREATE SEQUENCE IF NOT EXISTS incident_number_%s AS integer', NEW.id);
    RETURN NULL;
END $$;

DO $$
DECLARE
    centre record;
BEGIN
    FOR centre IN SELECT id, next_incident_number FROM accounts_centre LOOP
        EXECUTE format(
            'CREATE SEQUENCE incident_number_%s AS integer START %s', centre.id, centre.next_incident_number
        );
    END LOOP;
END $$;

CREATE TRIGGER centre_numbers AFTER INSERT ON accounts_centre FOR EACH ROW EXECUTE FUNCTION incident_numbers_begin();
"""

BACKWARD = """
DROP TRIGGER centre_numbers ON accounts_centre;
DROP FUNCTION incident_numbers_begin();

DO $$
DECLARE
    centre record;
    following bigint;
BEGIN
    FOR centre IN SELECT id FROM accounts_centre LOOP
        EXECUTE format('SELECT nextval(''incident_number_%s'')', centre.id) INTO following;
        UPDATE accounts_centre SET next_incident_number = following WHERE id = centre.id;
    END LOOP;
    FOR centre IN SELECT relname FROM pg_class WHERE relkind = 'S' AND relname LIKE 'incident\\_number\\_%' LOOP
        EXECUTE format('DROP SEQUENCE %I', centre.relname);
    END LOOP;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0007_crew_line")]
    operations = [
        migrations.RunSQL(FORWARD, BACKWARD),
        migrations.RemoveConstraint(model_name="centre", name="centre_number_positive"),
        migrations.RemoveField(model_name="centre", name="next_incident_number"),
    ]
