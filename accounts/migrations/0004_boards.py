"""Displays know their room and what they show; people their density and sound."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0003_centre_live_at"),
        ("auth", "0012_alter_user_first_name_max_length"),
    ]

    operations = [
        migrations.CreateModel(
            name="DisplayLayout",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("place", models.PositiveSmallIntegerField()),
                (
                    "layout",
                    models.CharField(
                        choices=[
                            ("queue", "Queue and units"),
                            ("measures", "Measures"),
                            ("program", "One program"),
                            ("county", "County-wide, by beat and agency"),
                        ],
                        max_length=8,
                    ),
                ),
                ("program", models.SlugField(blank=True, help_text="for the layout of one program")),
                ("seconds", models.PositiveSmallIntegerField(default=30)),
            ],
            options={
                "ordering": ["display", "place"],
            },
        ),
        migrations.AddField(
            model_name="displaydevice",
            name="distance_cm",
            field=models.PositiveSmallIntegerField(default=500, help_text="from the panel to the farthest reader"),
        ),
        migrations.AddField(
            model_name="displaydevice",
            name="height_px",
            field=models.PositiveSmallIntegerField(default=1080),
        ),
        migrations.AddField(
            model_name="displaydevice",
            name="panel_inches",
            field=models.PositiveSmallIntegerField(default=65, help_text="diagonal of the picture"),
        ),
        migrations.AddField(
            model_name="displaydevice",
            name="theme",
            field=models.CharField(
                choices=[("night", "Dark, always"), ("day", "Light, always"), ("clock", "Light from 07:00 to 19:00")],
                default="night",
                max_length=5,
            ),
        ),
        migrations.AddField(
            model_name="displaydevice",
            name="width_px",
            field=models.PositiveSmallIntegerField(default=1920),
        ),
        migrations.AddField(
            model_name="user",
            name="density",
            field=models.CharField(
                choices=[("comfortable", "Comfortable"), ("compact", "Compact")], default="comfortable", max_length=11
            ),
        ),
        migrations.AddField(
            model_name="user",
            name="sound",
            field=models.CharField(
                blank=True,
                choices=[("", "As the position"), ("on", "On"), ("off", "Off")],
                help_text="empty: on for those who own alarms, off for call takers",
                max_length=3,
            ),
        ),
        migrations.AddField(
            model_name="user",
            name="sound_volume",
            field=models.PositiveSmallIntegerField(default=5),
        ),
        migrations.AddConstraint(
            model_name="displaydevice",
            constraint=models.CheckConstraint(
                condition=models.Q(("distance_cm__range", (50, 3000)), ("panel_inches__range", (20, 150))),
                name="display_room_possible",
            ),
        ),
        migrations.AddConstraint(
            model_name="displaydevice",
            constraint=models.CheckConstraint(
                condition=models.Q(("height_px__range", (600, 4320)), ("width_px__range", (800, 7680))),
                name="display_picture_possible",
            ),
        ),
        migrations.AddConstraint(
            model_name="displaydevice",
            constraint=models.CheckConstraint(
                condition=models.Q(("theme__in", ["night", "day", "clock"])), name="display_theme_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="user",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("density__in", ["comfortable", "compact"]),
                    ("sound__in", ["", "on", "off"]),
                    ("sound_volume__range", (1, 10)),
                ),
                name="person_settings_known",
            ),
        ),
        migrations.AddField(
            model_name="displaylayout",
            name="display",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="layouts", to="accounts.displaydevice"
            ),
        ),
        migrations.AddConstraint(
            model_name="displaylayout",
            constraint=models.UniqueConstraint(fields=("display", "place"), name="display_place_once"),
        ),
        migrations.AddConstraint(
            model_name="displaylayout",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("layout__in", ["queue", "measures", "county"]), ("program", "")),
                    models.Q(("layout", "program"), models.Q(("program", ""), _negated=True)),
                    _connector="OR",
                ),
                name="display_layout_whole",
            ),
        ),
        migrations.AddConstraint(
            model_name="displaylayout",
            constraint=models.CheckConstraint(
                condition=models.Q(("seconds__range", (10, 600))), name="display_layout_seconds_readable"
            ),
        ),
    ]
