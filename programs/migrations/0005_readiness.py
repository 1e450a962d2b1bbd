"""Confirmed points of the go-live list."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0003_centre_live_at"),
        ("programs", "0004_backtests"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Readiness",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "item",
                    models.CharField(
                        choices=[
                            ("natures", "The centre's own nature codes are mapped"),
                            ("cards", "Paper cards are printed and lie at every seat"),
                        ],
                        max_length=12,
                    ),
                ),
                ("at", models.DateTimeField()),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "centre",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="readiness", to="accounts.centre"
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "readiness",
                "constraints": [
                    models.UniqueConstraint(fields=("centre", "item"), name="readiness_once"),
                    models.CheckConstraint(
                        condition=models.Q(("item__in", ["natures", "cards"])), name="readiness_item_known"
                    ),
                ],
            },
        ),
    ]
