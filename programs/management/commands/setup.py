"""``manage.py setup``: the centre, its zone and its first administrator in an empty database. No demo data.

What is not given as an option is asked for. The password comes from a prompt, from SETUP_PASSWORD or from standard
input, never from the command line, where other people of the machine could read it.
"""

import getpass
import os
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone
from django.utils.text import slugify

from accounts.models import Centre, Role
from accounts.problems import Refused
from accounts.services import centre_create, person_create
from programs.services import protocol_draft
from triage.protocol import load_reference

FIRST_ROLES = (Role.SYSTEM_ADMINISTRATOR, Role.PROGRAM_ADMINISTRATOR)


class Command(BaseCommand):
    """Make the centre and its first administrator."""

    help = "Make a centre, its time zone and its first administrator. Makes no demo data."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Everything but the password may be given."""
        parser.add_argument("--name", help="the centre's name")
        parser.add_argument("--zone", help="IANA time zone, for example America/Chicago")
        parser.add_argument("--username", help="the first administrator's user name")
        parser.add_argument("--person", help="the first administrator's name as people know it")
        parser.add_argument("--password-stdin", action="store_true", help="read the password from standard input")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print what was made and what comes next. Raises CommandError saying what to mend; then nothing is made."""
        name = options["name"] or self._ask("Name of the centre")
        zone = options["zone"] or self._ask("Time zone, for example America/Chicago")
        username = options["username"] or self._ask("User name of the first administrator")
        person = options["person"] or self._ask("Their name")
        password = self._password(from_stdin=options["password_stdin"])
        at = timezone.now()
        try:
            with transaction.atomic():
                centre = centre_create(slug=slugify(name)[:50] or "centre", name=name, time_zone=zone, at=at)
                user = person_create(
                    centre=centre, username=username, display_name=person, password=password, roles=FIRST_ROLES, at=at
                )
                protocol_draft(centre=centre, data=load_reference().to_dict(), by=user, at=at)
        except Refused as refused:
            raise CommandError(refused.detail) from None
        self.stdout.write(
            f"{centre.name} is there, in {centre.time_zone}, with {username} as its first administrator and the"
            " reference protocol as a draft. Sign in; the page Go live lists what is still missing."
        )
        others = Centre.objects.exclude(pk=centre.pk).values_list("slug", flat=True)
        if others:
            self.stdout.write(f"Other centres in this database: {', '.join(others)}.")

    def _ask(self, what: str) -> str:
        if not sys.stdin.isatty():
            raise CommandError(f"Give it as an option, or run this at a terminal: {what.lower()}.")
        answer = input(f"{what}: ").strip()
        if not answer:
            raise CommandError(f"Needed: {what.lower()}.")
        return answer

    def _password(self, *, from_stdin: bool) -> str:
        if from_stdin:
            return sys.stdin.readline().rstrip("\n")
        if os.environ.get("SETUP_PASSWORD"):
            return os.environ["SETUP_PASSWORD"]
        if not sys.stdin.isatty():
            raise CommandError("Give the password through --password-stdin or SETUP_PASSWORD.")
        first = getpass.getpass("Password, 12 characters or more: ")
        if first != getpass.getpass("Again: "):
            raise CommandError("The two are not the same.")
        return first
