"""The launcher's own settings, read from the environment and checked before anything is started."""

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from launch.paths import ROOT, VENV, Var
from launch.say import LaunchError

_TRUE, _FALSE = {"1", "true", "yes", "on"}, {"0", "false", "no", "off"}
_SHORTEST_SECRET = 32


@dataclass(frozen=True)
class Wishes:
    """What the person asked for. None: the launcher chooses or starts its own."""

    port: int | None
    database_url: str | None
    redis_url: str | None
    secret_key: str | None
    demo: bool
    simulator: bool


def read_wishes(environment: Mapping[str, str]) -> Wishes:
    """Read and check PORT, DATABASE_URL, REDIS_URL, SECRET_KEY, DEMO and SIMULATOR.

    Raises LaunchError that names the variable, but never its value: an address may hold a password.
    """
    # A database that somebody named may be a real one: people with printed passwords are put there only when asked.
    demo = _flag(environment, "DEMO", default=not environment.get("DATABASE_URL"))
    secret = environment.get("SECRET_KEY") or None
    if secret is not None and len(secret) < _SHORTEST_SECRET:
        raise LaunchError(
            f"SECRET_KEY has fewer than {_SHORTEST_SECRET} characters.",
            "Give it 50 random ones, or leave it out: one is made and kept in var/secret.",
        )
    return Wishes(
        port=_port(environment.get("PORT", "").strip()),
        database_url=_address(environment, "DATABASE_URL", ("postgresql", "postgres"), "user:password@host:5432/name"),
        redis_url=_address(environment, "REDIS_URL", ("redis", "rediss"), ":password@host:6379/0"),
        secret_key=secret,
        demo=demo,
        simulator=demo and _flag(environment, "SIMULATOR", default=True),
    )


def _port(text: str) -> int | None:
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 65535:
        raise LaunchError("PORT is not a port number.", "Give a number from 1 to 65535: `make run PORT=8123`.")
    return int(text)


def _flag(environment: Mapping[str, str], name: str, *, default: bool) -> bool:
    text = environment.get(name, "").strip().lower()
    if not text:
        return default
    if text not in _TRUE | _FALSE:
        raise LaunchError(f"{name} is neither on nor off.", f"Use {name}=1 or {name}=0.")
    return text in _TRUE


def _address(environment: Mapping[str, str], name: str, schemes: tuple[str, ...], example: str) -> str | None:
    text = environment.get(name, "").strip()
    if not text:
        return None
    remedy = f"Write it like {schemes[0]}://{example}, or leave it out and an embedded server is started."
    try:
        parts = urlsplit(text)
        wrong = parts.scheme not in schemes or not parts.hostname or parts.port == 0
    except ValueError:
        wrong = True
    if wrong:
        raise LaunchError(f"{name} cannot be read.", remedy)
    return text


def secret_key(var: Var, given: str | None) -> str:
    """The key that signs sessions: the given one, else one made once and kept in var/secret (0600)."""
    if given is not None:
        return given
    if not var.secret.exists():
        made = secrets.token_urlsafe(48)
        with os.fdopen(os.open(var.secret, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
            out.write(made)
    return var.secret.read_text(encoding="ascii").strip()


def process_environment(var: Var, *, database_url: str, redis_url: str, secret: str, public_url: str) -> dict[str, str]:
    """The environment of every Django process: what config/settings.py reads, on top of the caller's own."""
    static = Path(os.environ.get("STATIC_ROOT") or var.root / "static")
    static.mkdir(parents=True, exist_ok=True)
    # Where bytecode is not kept, each process compiles some 2,000 files at each start: measured 4 s more, every time.
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {
        **inherited,
        "PATH": f"{VENV / 'bin'}{os.pathsep}{os.environ.get('PATH', '/usr/bin:/bin')}",
        "PYTHONUNBUFFERED": "1",
        "PYTHONPATH": str(ROOT),
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "SECRET_KEY": secret,
        "PUBLIC_URL": public_url,
        "VAR_DIR": str(var.root),
        "STATIC_ROOT": str(static),
    }
