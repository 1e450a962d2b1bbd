"""Settings: everything that differs between places comes from the environment and is checked at start."""

import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from environs import Env, EnvError

from config.database import database_from_url

BASE_DIR = Path(__file__).resolve().parent.parent
env = Env()

try:
    DEBUG: bool = env.bool("DEBUG", False)
    SECRET_KEY: str = env.str("SECRET_KEY", "")
    VAR_DIR = Path(env.str("VAR_DIR", str(BASE_DIR / "var")))
    PUBLIC_URL: str = env.str("PUBLIC_URL", "http://127.0.0.1:8000")
    ALLOWED_HOSTS: list[str] = env.list("ALLOWED_HOSTS", ["localhost", "127.0.0.1", "[::1]"])
    DATABASE_URL: str = env.str("DATABASE_URL", "")
    REDIS_URL: str = env.str("REDIS_URL", "")
    LIVE_CHANNEL: str = env.str("LIVE_CHANNEL", "live")
    LOG_LEVEL: str = env.str("LOG_LEVEL", "INFO").upper()
    DB_POOL_SIZE: int = env.int("DB_POOL_SIZE", 8)
    ROUTING_URL: str = env.str("ROUTING_URL", "")
    GEOCODER_URL: str = env.str("GEOCODER_URL", "")
    MAP_PMTILES: str = env.str("MAP_PMTILES", "")
    MAP_TILES_URL: str = env.str("MAP_TILES_URL", "")
    MAP_TILES_ATTRIBUTION: str = env.str("MAP_TILES_ATTRIBUTION", "")
    SECURE_COOKIES: bool = env.bool("SECURE_COOKIES", PUBLIC_URL.startswith("https://"))
except EnvError as error:
    raise ImproperlyConfigured(f"An environment variable cannot be read: {error}. See .env.example.") from error

# Commands that look at code only, and never at a call, run without a server and without a secret.
_OFFLINE = len(sys.argv) > 1 and sys.argv[1] in {"triage", "prove", "makemigrations", "collectstatic", "chaos", "help"}
_CHECKING_TYPES = "mypy" in Path(sys.argv[0]).name or "dmypy" in Path(sys.argv[0]).name
if not SECRET_KEY:
    if not (_OFFLINE or _CHECKING_TYPES):
        raise ImproperlyConfigured(
            "SECRET_KEY is empty. Set it to 50 or more random characters, or start with `make run`."
        )
    SECRET_KEY = "offline-commands-sign-nothing"  # noqa: S105 - never used to sign: the commands above open no session
if not DATABASE_URL:
    if not (_OFFLINE or _CHECKING_TYPES):
        raise ImproperlyConfigured(
            "DATABASE_URL is empty. Set it to postgresql://user:password@host:5432/name, or start with `make run`."
        )
    DATABASE_URL = "postgresql://offline@127.0.0.1:1/offline"
if LOG_LEVEL not in {"DEBUG", "INFO", "WARNING", "ERROR"}:
    raise ImproperlyConfigured("LOG_LEVEL must be one of DEBUG, INFO, WARNING, ERROR.")

APP_VERSION = "0.1.0"

INSTALLED_APPS = [
    "accounts.apps.AccountsConfig",
    "live.apps.LiveConfig",
    "people.apps.PeopleConfig",
    "responders.apps.RespondersConfig",
    "programs.apps.ProgramsConfig",
    "dispatch.apps.DispatchConfig",
    "interop.apps.InteropConfig",
    "desk.apps.DeskConfig",
    "accounts.apps.DeskAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "rest_framework",
    "drf_spectacular",
    "csp",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "desk.page_context.page",
            ]
        },
    }
]

DATABASES = {"default": database_from_url(DATABASE_URL, pool_size=DB_POOL_SIZE)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["accounts.backends.PeopleBackend"]
LOGIN_URL = "/sign-in/"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/sign-in/"
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

SESSION_ENGINE = "accounts.sessions"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SECURE = SECURE_COOKIES
CSRF_COOKIE_SECURE = SECURE_COOKIES
SESSION_COOKIE_AGE = 12 * 3600
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL] if "://" in PUBLIC_URL else []
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "worker-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}

# A map server outside is the one exception, and only where the setting names it.
if MAP_TILES_URL:
    _tiles = urlsplit(MAP_TILES_URL)
    if _tiles.scheme not in {"http", "https"} or not _tiles.hostname:
        raise ImproperlyConfigured("MAP_TILES_URL must begin with https:// and a host name. See .env.example.")
    CONTENT_SECURITY_POLICY["DIRECTIVES"]["img-src"].append(f"{_tiles.scheme}://{_tiles.netloc}")
    CONTENT_SECURITY_POLICY["DIRECTIVES"]["connect-src"].append(f"{_tiles.scheme}://{_tiles.netloc}")

LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = True

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = Path(env.str("STATIC_ROOT", str(VAR_DIR / "static")))
STORAGES: dict[str, dict[str, Any]] = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedStaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = True
WHITENOISE_MAX_AGE = 0 if DEBUG else 300

CELERY_BROKER_URL = REDIS_URL or "redis://127.0.0.1:1/0"
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = "UTC"
# Measured: without the two restore options a killed worker's task comes back only after 100 s or more.
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 30,
    "unacked_restore_interval": 1,
    "unacked_restore_throttle": 1,
    "health_check_interval": 10,
    "socket_keepalive": True,
}
CELERY_BEAT_SCHEDULE = {
    "offer-pending": {"task": "dispatch.offer_pending", "schedule": 5.0},
    "seal-audit": {"task": "accounts.audit_seal", "schedule": 10.0},
    "forget-events": {"task": "live.events_forget", "schedule": 600.0},
    "backtests": {"task": "desk.backtests", "schedule": 10.0},
    "shadows": {"task": "desk.shadows", "schedule": 60.0},
}

REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.SessionAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["accounts.access.DenyAll"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "accounts.problems.problem_handler",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Diversion Desk API",
    "VERSION": APP_VERSION,
    "OAS_VERSION": "3.1.1",
    "COMPONENT_SPLIT_REQUEST": True,
    # Values stand where they are used: the same word (state, kind) names different lists in different places.
    "POSTPROCESSING_HOOKS": [],
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["accounts.access.SignedIn"],
}

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "config.logs.formatter"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
    "loggers": {
        "django.server": {"handlers": ["console"], "level": "WARNING", "propagate": False},
        "django.request": {"handlers": ["console"], "level": "ERROR", "propagate": False},
        # Two lines for each nudge, and most nudges are one claim: failures are still told.
        "celery.worker.strategy": {"level": "WARNING"},
        "celery.app.trace": {"level": "WARNING"},
    },
}
