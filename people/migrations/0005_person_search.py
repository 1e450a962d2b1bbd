import django.contrib.postgres.indexes
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("people", "0004_parks")]

    operations = [
        migrations.AddField(
            model_name="persondetail",
            name="search",
            field=models.CharField(
                blank=True, default="", help_text="a name as names are compared; empty for the rest", max_length=200
            ),
            preserve_default=False,
        ),
        migrations.AddIndex(
            model_name="persondetail",
            index=django.contrib.postgres.indexes.GinIndex(
                fields=["search"], name="person_search_trigram", opclasses=["gin_trgm_ops"]
            ),
        ),
        migrations.AddIndex(
            model_name="persondetail",
            index=models.Index(
                condition=models.Q(("field", "birth_year")), fields=["field", "text"], name="person_by_birth_year"
            ),
        ),
    ]
