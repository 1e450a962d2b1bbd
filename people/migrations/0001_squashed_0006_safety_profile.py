"""All tables of places, premises, cautions and persons, as one step for a new database.

A database that has taken the steps that this replaces counts it as taken. To be read beside the models.
"""

import uuid

import django.contrib.postgres.indexes
import django.contrib.postgres.operations
import django.db.models.deletion
import django.db.models.lookups
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    replaces = [
        ("people", "0001_initial"),
        ("people", "0002_street_network"),
        ("people", "0003_place_name"),
        ("people", "0004_parks"),
        ("people", "0005_person_search"),
        ("people", "0006_safety_profile"),
    ]

    initial = True

    dependencies = [
        ("accounts", "0001_squashed_0009_queue_map"),
    ]

    operations = [
        django.contrib.postgres.operations.TrigramExtension(),
        migrations.CreateModel(
            name="Area",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("beat", "Beat"),
                            ("district", "District"),
                            ("boundary", "Boundary"),
                            ("water", "Water"),
                            ("park", "Park"),
                        ],
                        max_length=12,
                    ),
                ),
                ("name", models.CharField(max_length=80)),
                ("district", models.CharField(blank=True, max_length=80)),
                ("shape", models.JSONField()),
                (
                    "centre",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="areas", to="accounts.centre"
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("centre", "kind", "name"), name="area_once")],
            },
        ),
        migrations.CreateModel(
            name="Person",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField()),
                (
                    "centre",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.centre"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Phone",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("number", models.CharField(blank=True, help_text="E.164, empty once erased", max_length=20)),
                ("number_hash", models.CharField(max_length=64)),
                (
                    "audience",
                    models.CharField(
                        choices=[
                            ("general", "General"),
                            ("clinical", "Clinical"),
                            ("substance", "Substance use (Part 2)"),
                            ("justice", "Justice"),
                        ],
                        default="general",
                        max_length=12,
                    ),
                ),
                ("created_at", models.DateTimeField()),
                (
                    "centre",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.centre"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("centre", "number_hash"), name="phone_once_per_centre"),
                    models.CheckConstraint(
                        condition=models.Q(("audience__in", ["general", "clinical", "substance", "justice"])),
                        name="phone_audience_known",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Place",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("address", "Address"),
                            ("intersection", "Intersection"),
                            ("block", "Block"),
                            ("street", "Street"),
                            ("common_place", "Common place"),
                        ],
                        max_length=12,
                    ),
                ),
                ("label", models.CharField(max_length=160)),
                ("search", models.CharField(help_text="label in lower case, words normalised", max_length=200)),
                ("lat", models.FloatField()),
                ("lon", models.FloatField()),
                ("beat", models.CharField(blank=True, max_length=40)),
                ("location_type", models.CharField(blank=True, max_length=24)),
                (
                    "centre",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="places", to="accounts.centre"
                    ),
                ),
                (
                    "name",
                    models.GeneratedField(
                        db_persist=True,
                        expression=models.Func(
                            models.F("search"),
                            models.Value("(^| )([0-9]+[a-z]?|st|ave|rd|dr|ln|blvd|ct|pl|n|s|e|w|&|/)(?= |$)"),
                            models.Value(""),
                            models.Value("g"),
                            function="regexp_replace",
                        ),
                        help_text="what tells it from others: without house numbers, kinds of street and directions",
                        output_field=models.CharField(max_length=200),
                    ),
                ),
            ],
            options={
                "indexes": [
                    django.contrib.postgres.indexes.GinIndex(
                        fields=["search"], name="place_search_trigram", opclasses=["gin_trgm_ops"]
                    ),
                    models.Index(fields=["centre", "search"], name="place_search"),
                    django.contrib.postgres.indexes.GinIndex(
                        fields=["name"], name="place_name_trigram", opclasses=["gin_trgm_ops"]
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("centre", "kind", "label"), name="place_once"),
                    models.CheckConstraint(
                        condition=models.Q(("lat__range", (-90, 90)), ("lon__range", (-180, 180))),
                        name="place_on_earth",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="StreetNetwork",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("digest", models.CharField(max_length=64)),
                ("loaded_at", models.DateTimeField()),
                (
                    "centre",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="street_network", to="accounts.centre"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="PersonDetail",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("field", models.CharField(max_length=40)),
                ("text", models.TextField()),
                (
                    "audience",
                    models.CharField(
                        choices=[
                            ("general", "General"),
                            ("clinical", "Clinical"),
                            ("substance", "Substance use (Part 2)"),
                            ("justice", "Justice"),
                        ],
                        default="general",
                        max_length=12,
                    ),
                ),
                ("at", models.DateTimeField()),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="details", to="people.person"
                    ),
                ),
                (
                    "search",
                    models.CharField(
                        blank=True, help_text="a name as names are compared; empty for the rest", max_length=200
                    ),
                ),
            ],
            options={
                "indexes": [
                    django.contrib.postgres.indexes.GinIndex(
                        fields=["search"], name="person_search_trigram", opclasses=["gin_trgm_ops"]
                    ),
                    models.Index(
                        condition=models.Q(("field", "birth_year")),
                        fields=["field", "text"],
                        name="person_by_birth_year",
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("audience__in", ["general", "clinical", "substance", "justice"])),
                        name="person_detail_audience_known",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Premise",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("label", models.CharField(max_length=160)),
                ("lat", models.FloatField()),
                ("lon", models.FloatField()),
                (
                    "centre",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="premises", to="accounts.centre"
                    ),
                ),
                (
                    "place",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="premise",
                        to="people.place",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["centre", "lat", "lon"], name="premise_point")],
            },
        ),
        migrations.CreateModel(
            name="SafetyProfile",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("source", models.SlugField(db_index=False, help_text="the registry that it came from", max_length=40)),
                (
                    "external_id",
                    models.CharField(help_text="the registry's own id of this profile and number", max_length=80),
                ),
                ("details", models.JSONField(help_text="a list of code and text; codes as in PROFILE_DETAILS")),
                ("confirmed_at", models.DateTimeField(help_text="when the resident last said that it is right")),
                ("received_at", models.DateTimeField(help_text="when the centre got it as it is")),
                (
                    "centre",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.centre"
                    ),
                ),
                (
                    "phone",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="people.phone"),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("centre", "source", "external_id"), name="safety_profile_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("source", ""), _negated=True), models.Q(("external_id", ""), _negated=True)
                        ),
                        name="safety_profile_has_its_source",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("confirmed_at__lte", models.F("received_at"))),
                        name="safety_profile_confirmed_before",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            django.db.models.lookups.Exact(
                                models.Func(
                                    models.F("details"), function="jsonb_typeof", output_field=models.TextField()
                                ),
                                models.Value("array"),
                            ),
                            models.Q(("details", []), _negated=True),
                        ),
                        name="safety_profile_says_something",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="StreetPiece",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(blank=True, max_length=80)),
                ("start", models.PositiveIntegerField()),
                ("end", models.PositiveIntegerField()),
                ("start_lat", models.FloatField()),
                ("start_lon", models.FloatField()),
                ("end_lat", models.FloatField()),
                ("end_lon", models.FloatField()),
                ("metres", models.FloatField()),
                ("speed_mps", models.FloatField(help_text="metres a second on the average, stops included")),
                ("one_way", models.BooleanField(default=False, help_text="from start to end only")),
                (
                    "network",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="pieces", to="people.streetnetwork"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("metres__gt", 0), ("speed_mps__gt", 0)), name="street_has_length_and_speed"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("end_lat__range", (-90, 90)),
                            ("end_lon__range", (-180, 180)),
                            ("start_lat__range", (-90, 90)),
                            ("start_lon__range", (-180, 180)),
                        ),
                        name="street_on_earth",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("start", models.F("end")), _negated=True), name="street_joins_two_crossings"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Caution",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("text", models.TextField()),
                ("kind", models.CharField(max_length=40)),
                (
                    "severity",
                    models.CharField(
                        choices=[("info", "For information"), ("warn", "Take care"), ("danger", "Danger")], max_length=8
                    ),
                ),
                ("source", models.CharField(max_length=120)),
                ("added_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                (
                    "added_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "centre",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="cautions", to="accounts.centre"
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="cautions",
                        to="people.person",
                    ),
                ),
                (
                    "premise",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="cautions",
                        to="people.premise",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("premise__isnull", False), ("person__isnull", False), _connector="XOR"),
                        name="caution_has_one_subject",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("expires_at__gt", models.F("added_at"))), name="caution_expires"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("severity__in", ["info", "warn", "danger"])), name="caution_severity_known"
                    ),
                ],
            },
        ),
    ]
