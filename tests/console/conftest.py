"""The console's templates without a site: no database, static files under their plain names."""

import os

import django
import pytest
from django.conf import settings
from django.test import override_settings

PLAIN_FILES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}


@pytest.fixture(scope="package")
def templates():
    """Settings that let a template render on its own, whether or not the whole site is configured."""
    if not settings.configured and not os.environ.get("DJANGO_SETTINGS_MODULE"):
        settings.configure(
            INSTALLED_APPS=["django.contrib.staticfiles", "django_htmx", "billhook.interfaces.console"],
            STATIC_URL="/static/",
            USE_TZ=True,
        )
        django.setup()
    backend = {"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}
    missing = {"OPTIONS": {"string_if_invalid": "MISSING(%s)"}}
    with override_settings(STORAGES=PLAIN_FILES, TEMPLATES=[backend | missing]):
        yield
