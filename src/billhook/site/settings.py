"""Django's settings; everything an operator may change comes from the environment."""

import os
from pathlib import Path

from billhook.foundation import addresses, home

PACKAGE = Path(__file__).resolve().parent.parent

SECRET_KEY = home.secret_key()
DEBUG = os.environ.get("BILLHOOK_DEBUG") == "1"
ALLOWED_HOSTS = [host for host in os.environ.get("BILLHOOK_HOSTS", "localhost,127.0.0.1,[::1]").split(",") if host]
CSRF_TRUSTED_ORIGINS = [origin for origin in os.environ.get("BILLHOOK_ORIGINS", "").split(",") if origin]
PROXIES = int(os.environ.get("BILLHOOK_PROXIES", "0"))

INSTALLED_APPS = [
    "billhook.foundation",
    "billhook.hooks",
    "billhook.customers",
    "billhook.catalog",
    "billhook.ledger",
    "billhook.orders",
    "billhook.mediation",
    "billhook.invoicing",
    "billhook.payments",
    "billhook.dunning",
    "billhook.billing",
    "billhook.notifications",
    "billhook.interfaces.console",
    "billhook.interfaces.portal",
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_htmx",
    "procrastinate.contrib.django",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "billhook.interfaces.console.middleware.RequestIdMiddleware",
    "billhook.interfaces.api.middleware.ProblemMiddleware",
    "billhook.interfaces.console.middleware.ContentSecurityPolicyMiddleware",
    "billhook.interfaces.console.middleware.NeverStoredMiddleware",
    "billhook.interfaces.console.middleware.SoundTextMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

ROOT_URLCONF = "billhook.site.urls"
WSGI_APPLICATION = "billhook.site.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

DATABASES = addresses.databases()
DATABASE_ROUTERS = ["billhook.foundation.addresses.OwnerMigrates"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "foundation.Person"
CSRF_FAILURE_VIEW = "billhook.interfaces.console.views.problems.stale_form"
LOGIN_URL = "console:sign-in"
LOGIN_REDIRECT_URL = "console:home"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = os.environ.get("BILLHOOK_HTTPS") == "1"

PROCRASTINATE_AUTODISCOVER_MODULE_NAME = "jobs"

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT = home.folder("static")
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = DEBUG

LOGGING_CONFIG = None
