"""The `live` process: event streams only. Pages and the API are served over WSGI (config/wsgi.py).

Django's apps are not loaded here: the hub needs the secret key, the address of Redis and the logging settings.
"""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

from django.conf import settings
from django.utils.log import configure_logging

from live.hub import build

configure_logging(settings.LOGGING_CONFIG, settings.LOGGING)
application = build()
