from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import Q

from dispatch.models import Decision
from dispatch.selectors.redecision import NotRepeatable, redecide


class Command(BaseCommand):
    """`manage.py redecide ID`: runs stored decisions again and says whether every bit of them comes out the same.

    Exit code 0 when all are the same, 1 when one differs, 2 when one cannot be run again.
    """

    help = "Runs the decisions of a call, an incident or one decision again, and compares the whole trace."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("id", help="The id of a call, an incident or a decision.")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            wanted = UUID(options["id"])
        except ValueError as error:
            raise CommandError(f"{options['id']} is not an id.", returncode=2) from error
        decisions = Decision.objects.filter(
            Q(pk=wanted) | Q(incident=wanted) | Q(incident__calls=wanted)
        ).select_related("protocol_version")
        found = list(decisions.distinct())
        if not found:
            raise CommandError(
                "There is no call, incident or decision with this id, or it has no decision.", returncode=2
            )
        different = unknown = 0
        for decision in found:
            name = f"decision {decision.pk} of {decision.at.isoformat()}"
            try:
                result = redecide(decision)
            except NotRepeatable as why:
                unknown += 1
                self.stdout.write(f"{name}: cannot be run again: {why}")
                continue
            if result.same:
                self.stdout.write(f"{name}: same ({decision.suggested_class}, engine {result.engine_now})")
                continue
            different += 1
            self.stdout.write(f"{name}: different (engine then {decision.engine_version}, now {result.engine_now})")
            for line in result.differs:
                self.stdout.write(f"  {line}")
        if different:
            raise CommandError(f"{different} of {len(found)} decisions came out different.", returncode=1)
        if unknown:
            raise CommandError(f"{unknown} of {len(found)} decisions cannot be run again.", returncode=2)
