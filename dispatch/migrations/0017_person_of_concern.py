import django.db.models.deletion
from django.db import migrations, models

WHAT = ["location", "phone", "nature", "answer", "decision", "end", "transfer", "person"]


class Migration(migrations.Migration):
    """`Call.caller` was read as the person of concern everywhere; its name said something else."""

    dependencies = [
        ("dispatch", "0016_call_drafts"),
        ("people", "0005_person_search"),
    ]

    operations = [
        migrations.RenameField(model_name="call", old_name="caller", new_name="person"),
        migrations.AlterField(
            model_name="call",
            name="person",
            field=models.ForeignKey(
                blank=True,
                help_text="the person of concern, linked by somebody; never a third party who calls about them",
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="people.person",
            ),
        ),
        migrations.AddIndex(
            model_name="call",
            index=models.Index(
                condition=models.Q(("person__isnull", False)), fields=["person", "-received_at"], name="call_by_person"
            ),
        ),
        migrations.AddIndex(
            model_name="locationentry",
            index=models.Index(
                condition=models.Q(("place__isnull", False)), fields=["place", "-id"], name="location_by_place"
            ),
        ),
        migrations.RemoveConstraint(model_name="consolepost", name="console_post_what_known"),
        migrations.AlterField(
            model_name="consolepost",
            name="what",
            field=models.CharField(
                choices=[
                    ("location", "Where"),
                    ("phone", "Number to call back"),
                    ("nature", "What"),
                    ("answer", "Answer"),
                    ("decision", "Decision"),
                    ("end", "End of the call"),
                    ("transfer", "Transfer"),
                    ("person", "Whom the call is about"),
                ],
                max_length=8,
            ),
        ),
        migrations.AddConstraint(
            model_name="consolepost",
            constraint=models.CheckConstraint(condition=models.Q(("what__in", WHAT)), name="console_post_what_known"),
        ),
    ]
