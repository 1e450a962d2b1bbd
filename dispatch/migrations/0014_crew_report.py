"""What a crew says of its visit: codes, written once."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

FORWARD = """
CREATE TRIGGER crew_report_change BEFORE UPDATE OR DELETE ON dispatch_crewreport
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
"""
BACKWARD = "DROP TRIGGER crew_report_change ON dispatch_crewreport;"


class Migration(migrations.Migration):
    dependencies = [
        ("dispatch", "0013_visits"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="CrewReport",
            fields=[
                (
                    "assignment",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="report",
                        serialize=False,
                        to="dispatch.assignment",
                    ),
                ),
                ("taken_to", models.CharField(blank=True, max_length=20)),
                ("referral", models.CharField(blank=True, max_length=20)),
                (
                    "services",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=20), blank=True, default=list, size=None
                    ),
                ),
                ("police_asked", models.CharField(blank=True, max_length=12)),
                (
                    "follow_up",
                    models.CharField(blank=True, help_text="how soon somebody looks in again", max_length=8),
                ),
                ("at", models.DateTimeField()),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("follow_up__in", ["", "none", "day", "week", "month"]),
                            ("police_asked__in", ["", "no", "came", "not_came"]),
                            (
                                "referral__in",
                                ["", "none", "mental_health", "substance", "housing", "medical", "family"],
                            ),
                            (
                                "services__contained_by",
                                ["talk", "food_clothes", "ride", "first_aid", "naloxone", "bed"],
                            ),
                            (
                                "taken_to__in",
                                ["", "nobody", "home", "shelter", "services", "hospital", "elsewhere"],
                            ),
                        ),
                        name="crew_report_codes_known",
                    )
                ],
            },
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
