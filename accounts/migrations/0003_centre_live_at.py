"""Since when a centre takes real calls."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_forbidden_changes"),
    ]

    operations = [
        migrations.AddField(
            model_name="centre",
            name="live_at",
            field=models.DateTimeField(
                blank=True,
                help_text="since when the centre takes real calls; empty until the go-live list is done",
                null=True,
            ),
        ),
    ]
