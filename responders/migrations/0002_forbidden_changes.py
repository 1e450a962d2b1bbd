"""What the database itself forbids."""

from django.db import migrations

FORWARD = """
CREATE TRIGGER unit_history_change BEFORE UPDATE OR DELETE ON responders_unithistory
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
"""

BACKWARD = """
DROP TRIGGER unit_history_change ON responders_unithistory;
"""


class Migration(migrations.Migration):
    dependencies = [("responders", "0001_initial"), ("accounts", "0002_forbidden_changes")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
