"""Pages and the API. Event streams are the `live` process (config/asgi.py)."""

import gc
import os

from django.core.wsgi import get_wsgi_application

from config.whole_body import whole_bodies

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
application = whole_bodies(get_wsgi_application())

# What is loaded by now stays: the collector need not walk it again and again (a tenth of a request's CPU time).
gc.collect()
gc.freeze()
gc.set_threshold(5_000, 20, 20)
