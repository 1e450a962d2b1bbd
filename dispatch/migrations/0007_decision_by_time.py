"""Decisions in order of time, for backtests and shadow runs that read them in batches."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("dispatch", "0006_recommendation"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="decision",
            index=models.Index(condition=models.Q(("state", "standing")), fields=["at", "id"], name="decision_by_time"),
        ),
    ]
