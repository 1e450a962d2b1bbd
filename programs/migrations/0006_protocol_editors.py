"""Who wrote a protocol version, so that none of them approves it."""

import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("programs", "0005_readiness")]

    operations = [
        migrations.AddField(
            model_name="protocolversion",
            name="editors",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.BigIntegerField(), blank=True, default=list, size=None
            ),
        ),
        # Drafts that stand now: whoever is known of them. A published version never changes.
        migrations.RunSQL(
            "UPDATE programs_protocolversion SET editors = ARRAY[author_id]"
            " WHERE author_id IS NOT NULL AND state IN ('draft', 'in_review')",
            migrations.RunSQL.noop,
        ),
    ]
