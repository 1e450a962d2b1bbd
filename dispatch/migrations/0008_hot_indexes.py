"""Indexes for queries that were found reading a growing table whole (tests/dispatch/test_query_plans.py)."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("dispatch", "0007_decision_by_time"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="alarm",
            index=models.Index(fields=["subject", "kind"], name="alarm_by_subject"),
        ),
        migrations.AddIndex(
            model_name="assignment",
            index=models.Index(
                condition=models.Q(("ended_at__isnull", True)), fields=["unit"], name="assignment_open_of_unit"
            ),
        ),
        migrations.AddIndex(
            model_name="incident",
            index=models.Index(
                condition=models.Q(("sent_at__isnull", False)), fields=["centre", "sent_at"], name="incident_sent"
            ),
        ),
    ]
