"""Copies the chosen front-end files from node_modules/ to static/vendor/ and writes down what they are.

`vendor.json` is the list. Every file in static/vendor/ has a line in its manifest.json: package, version, licence,
SHA-256 and size, so what a page loads can be checked against the registry's package.
"""

import hashlib
import json
import re
import shutil
from pathlib import Path
from typing import Any

from launch.say import LaunchError

LIST = Path(__file__).with_name("vendor.json")
_REMEDY = "Run `make lock` after a change of package.json, then start again; `rm -r node_modules` forces a fresh copy."
# On each symbol, since nothing of the sprite's root reaches a drawing that a page pulls in with <use>.
_STROKE = 'fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round"'
_INNER = re.compile(r"<svg\b[^>]*>(.*)</svg>", re.DOTALL)


def _package(node_modules: Path, name: str) -> dict[str, Any]:
    description = node_modules / name / "package.json"
    if not description.is_file():
        raise LaunchError(f"The front-end package {name} is not installed.", _REMEDY)
    loaded: dict[str, Any] = json.loads(description.read_text(encoding="utf-8"))
    return loaded


def sprite(icons: Path, names: list[str]) -> str:
    """One SVG of `<symbol>`s, one for each icon name; used as `<use href="icons.svg#NAME">`.

    Raises LaunchError when a name is unknown to the icon package.
    """
    symbols = []
    for name in sorted(set(names)):
        source = icons / f"{name}.svg"
        found = _INNER.search(source.read_text(encoding="utf-8")) if source.is_file() else None
        if found is None:
            raise LaunchError(f"The icon package has no icon named {name}.", "Correct the name in launch/vendor.json.")
        drawing = re.sub(r"\s+", " ", found.group(1)).strip()
        symbols.append(f'<symbol id="{name}" viewBox="0 0 24 24" {_STROKE}>{drawing}</symbol>')
    return '<svg xmlns="http://www.w3.org/2000/svg">\n' + "\n".join(symbols) + "\n</svg>\n"


def font_faces(faces: list[dict[str, Any]]) -> str:
    """The style sheet that names the fonts, WOFF2 only: every browser that runs the rest reads it."""
    return "\n".join(
        f'@font-face {{ font-family: "{face["family"]}"; font-style: normal; font-weight: {face["weight"]}; '
        f'font-display: swap; src: url("{face["file"]}") format("woff2"); }}'
        for face in faces
    ) + ("\n" if faces else "")


def copy_vendor_files(node_modules: Path, target: Path) -> int:
    """Rebuild `target` from `node_modules`; returns the number of files. The old one stays until the new is whole."""
    wanted: dict[str, Any] = json.loads(LIST.read_text(encoding="utf-8"))
    fresh = target.with_name(target.name + ".new")
    shutil.rmtree(fresh, ignore_errors=True)
    (fresh / "licences").mkdir(parents=True)
    origin: dict[str, str] = {}
    for entry in wanted["files"]:
        source = node_modules / entry["package"] / entry["from"]
        if not source.is_file():
            raise LaunchError(f"The package {entry['package']} has no file {entry['from']}.", _REMEDY)
        destination = fresh / entry["to"]
        destination.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, destination)
        origin[entry["to"]] = entry["package"]
    icons = wanted["icons"]
    (fresh / icons["to"]).write_text(
        sprite(node_modules / icons["package"] / "icons", icons["names"]), encoding="utf-8"
    )
    origin[icons["to"]] = icons["package"]
    (fresh / "fonts.css").write_text(font_faces(wanted["faces"]), encoding="utf-8")
    for package in sorted(set(origin.values())):
        for licence in sorted((node_modules / package).glob("LICEN[SC]E*")):
            shutil.copyfile(licence, fresh / "licences" / f"{package.strip('@').replace('/', '-')}.txt")
    manifest = [_manifest_line(fresh, path, node_modules, package) for path, package in sorted(origin.items())]
    (fresh / "manifest.json").write_text(json.dumps({"files": manifest}, indent=2) + "\n", encoding="utf-8")
    shutil.rmtree(target, ignore_errors=True)
    fresh.rename(target)
    return len(manifest)


def _manifest_line(folder: Path, path: str, node_modules: Path, package: str) -> dict[str, Any]:
    content = (folder / path).read_bytes()
    about = _package(node_modules, package)
    return {
        "path": path,
        "name": package,
        "version": about.get("version", ""),
        "licence": about.get("license", ""),
        "sha256": hashlib.sha256(content).hexdigest(),
        "bytes": len(content),
    }
