"""``manage.py prove [PROTOCOL|PROGRAM ...]``: prove the safety invariants for every combination of answers.

Without names it proves the reference protocol and every preset. A name is ``reference``, a preset's slug, or a path
to a protocol (JSON) or a preset (YAML). Fails with a counterexample call in words where an invariant does not hold.
"""

from __future__ import annotations

import json
from argparse import ArgumentParser
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from programs.preset_schema import all_presets, load_preset
from triage.programs import ProgramRules
from triage.protocol import Protocol, load_reference


def find(name: str) -> Protocol | ProgramRules:
    """The protocol or program called ``name``. Raises ValueError saying what names there are, or what is wrong."""
    if name == "reference":
        return load_reference()
    presets = all_presets()
    if name in presets:
        return ProgramRules.from_dict(presets[name].rules)
    path = Path(name)
    if not path.is_file():
        raise ValueError(f"{name!r} is no file; names: reference, {', '.join(presets)}")
    if path.suffix == ".json":
        try:
            return Protocol.from_dict(json.loads(path.read_text(encoding="utf-8")))
        except json.JSONDecodeError as error:
            raise ValueError(f"{path.name}: not readable as JSON ({error.msg}, line {error.lineno})") from None
    return ProgramRules.from_dict(load_preset(path).rules)


class Command(BaseCommand):
    """Prove protocols and programs; needs no database."""

    help = "Prove the safety invariants of protocols and programs for every combination of answers."
    requires_system_checks = []
    requires_migrations_checks = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Names, and what else to show."""
        parser.add_argument("names", nargs="*", metavar="PROTOCOL|PROGRAM", help="default: all that ship")
        parser.add_argument("--under", default="reference", help="the protocol that programs are proven under")
        parser.add_argument("--against", help="an older protocol: show example calls whose class changes")
        parser.add_argument("--gaps", action="store_true", help="list gaps and overlaps between the programs")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print every finding. Raises CommandError for a bad name and when an invariant fails."""
        try:
            targets = [find(n) for n in options["names"] or ("reference", *all_presets())]
            under = find(options["under"])
            against = find(options["against"]) if options["against"] else None
        except ValueError as error:
            raise CommandError(str(error)) from None
        if not isinstance(under, Protocol) or not isinstance(against, (Protocol, type(None))):
            raise CommandError("--under and --against name a protocol.")
        failed = sum(self._prove(target, under, against) for target in targets)
        if options["gaps"]:
            self._gaps(under, [t for t in targets if isinstance(t, ProgramRules)])
        if failed:
            raise CommandError(f"{failed} invariant{'s do' if failed > 1 else ' does'} not hold.")

    def _prove(self, target: Protocol | ProgramRules, under: Protocol, against: Protocol | None) -> int:
        """Print what is found about one target and return how many invariants fail."""
        from triage.prove import Finding, difference, prove_program, prove_protocol

        if isinstance(target, Protocol):
            findings: Iterable[Finding] = prove_protocol(target).findings
            if against is not None:
                findings = (*findings, *difference(against, target))
        else:
            findings = prove_program(under, target)
        findings = tuple(findings)
        invariants = [f for f in findings if f.kind == "invariant"]
        bad = [f for f in invariants if not f.holds]
        kind = "protocol" if isinstance(target, Protocol) else "program"
        state = "PROVEN" if not bad else "NOT PROVEN"
        self.stdout.write(
            f"{kind} {target.slug}: {state}, {len(invariants) - len(bad)} of {len(invariants)} invariants"
        )
        for finding in findings:
            if finding.kind == "invariant" and finding.holds:
                continue
            self._show(finding.kind, finding.id, finding.label, finding.example.words if finding.example else "")
        return len(bad)

    def _gaps(self, under: Protocol, programs: list[ProgramRules]) -> None:
        from triage.prove.programs import gaps, overlaps

        for finding in (*overlaps(under, programs), *gaps(under, programs)):
            self._show(finding.kind, finding.id, finding.label, "")

    def _show(self, kind: str, name: str, label: str, words: str) -> None:
        title = {"invariant": "FAILS", "dead_rule": "dead rule"}.get(kind, kind)
        self.stdout.write(f"  {title} {name}: {label}")
        if words:
            self.stdout.write(f"    {words}")
