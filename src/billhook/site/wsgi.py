"""The WSGI application that granian serves."""

import os

from django.core.wsgi import get_wsgi_application

from billhook.site import logs

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "billhook.site.settings")

logs.configure()
application = get_wsgi_application()
