"""Whether a map stands beside a person's queue."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0008_incident_numbers"),
    ]

    operations = [
        migrations.AddField(
            model_name="user",
            name="queue_map",
            field=models.BooleanField(default=False, help_text="a map stands beside the queue"),
        ),
    ]
