"""Pages and the API. Event streams are the `live` process (config/asgi.py)."""

import os

from django.core.wsgi import get_wsgi_application

from config.process import loaded
from config.whole_body import whole_bodies

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
application = whole_bodies(get_wsgi_application())
loaded()
