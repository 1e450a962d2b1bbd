"""Units that do not answer, device times, and how strictly a centre takes the order of statuses."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_forbidden_changes"),
        ("responders", "0002_forbidden_changes"),
    ]

    operations = [
        migrations.CreateModel(
            name="StatusRules",
            fields=[
                (
                    "centre",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="status_rules",
                        serialize=False,
                        to="accounts.centre",
                    ),
                ),
                (
                    "status_transitions",
                    models.CharField(
                        choices=[
                            ("off", "Apply it, say nothing"),
                            ("warn", "Apply it and say that it is out of order"),
                            ("enforce", "Refuse it"),
                        ],
                        default="warn",
                        max_length=8,
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="unit",
            name="answered_at",
            field=models.DateTimeField(
                blank=True,
                help_text="when it was last heard after such a silence: what was before counts no more",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="unit",
            name="not_answering_reason",
            field=models.CharField(
                blank=True,
                choices=[
                    ("expired_twice", "let two offers run out"),
                    ("not_moving", "accepted and does not move"),
                    ("overdue", "under way for more than twice the expected time"),
                ],
                max_length=20,
            ),
        ),
        migrations.AddField(
            model_name="unit",
            name="not_answering_since",
            field=models.DateTimeField(
                blank=True,
                help_text="while set, the engine recommends the unit for nothing; never out of service",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="unithistory",
            name="device_at",
            field=models.DateTimeField(help_text="when it happened, by the phone's clock", null=True),
        ),
        migrations.AddConstraint(
            model_name="unit",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("not_answering_reason", ""), ("not_answering_since__isnull", True)),
                    models.Q(
                        ("not_answering_since__isnull", False), models.Q(("not_answering_reason", ""), _negated=True)
                    ),
                    _connector="OR",
                ),
                name="unit_silence_whole",
            ),
        ),
        migrations.AddConstraint(
            model_name="statusrules",
            constraint=models.CheckConstraint(
                condition=models.Q(("status_transitions__in", ["off", "warn", "enforce"])), name="status_rules_known"
            ),
        ),
    ]
