"""Walls show the map, too."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0005_thresholds"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="displaylayout",
            name="display_layout_whole",
        ),
        migrations.AlterField(
            model_name="displaylayout",
            name="layout",
            field=models.CharField(
                choices=[
                    ("queue", "Queue and units"),
                    ("measures", "Measures"),
                    ("program", "One program"),
                    ("county", "County-wide, by beat and agency"),
                    ("map", "Map, with calls and units"),
                ],
                max_length=8,
            ),
        ),
        migrations.AddConstraint(
            model_name="displaylayout",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("layout__in", ["queue", "measures", "county", "map"]), ("program", "")),
                    models.Q(("layout", "program"), models.Q(("program", ""), _negated=True)),
                    _connector="OR",
                ),
                name="display_layout_whole",
            ),
        ),
    ]
