"""docs/problems.md tells every conflict that the API answers with: a code is a promise to whoever wrote a client."""

import ast
import re
from collections.abc import Iterator

from launch.paths import ROOT

PACKAGES = ("people", "responders", "dispatch")
PAGE = ROOT / "docs" / "problems.md"


def _words(node: ast.expr) -> str:
    """A sentence of the source; what is filled in when it is said as `…`."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(_words(part) if isinstance(part, ast.Constant) else "…" for part in node.values)
    return "…"


def _conflicts() -> Iterator[tuple[str, str]]:
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Refused":
                    given = {one.arg: one.value for one in node.keywords}
                    status = given.get("status")
                    if isinstance(status, ast.Constant) and status.value == 409:
                        yield _words(node.args[0]), _words(node.args[1])


def table() -> str:
    """The page's table: each code once, with what it says."""
    said: dict[str, list[str]] = {}
    for code, words in _conflicts():
        if words not in said.setdefault(code, []):
            said[code].append(words)
    return "".join(f"| `{code}` | {' / '.join(sorted(said[code]))} |\n" for code in sorted(said))


def _codes(text: str) -> list[str]:
    return re.findall(r"^\| `([^`]+)`", text, re.MULTILINE)


def test_every_conflict_stands_in_the_docs_and_no_other() -> None:
    codes = _codes(table())
    assert len(codes) > 60
    assert _codes(PAGE.read_text(encoding="utf-8")) == codes, f"write this into {PAGE.name}:\n{table()}"
