"""Django's settings.  What the environment may change is read in :mod:`vcflow_site.conf`."""

from __future__ import annotations

import os

from vcflow_site import conf

config = conf.load(os.environ)

VCFLOW_HOME = config.home
SECRET_KEY = config.secret_key
DEBUG = config.debug
ALLOWED_HOSTS = config.allowed_hosts
DATABASES = {"default": config.database}

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "django_filters",
    "sessions_app",
    "stages_app",
    "status_bridge",
    "vcflow_site",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "vcflow_site.middleware.speak_the_requests_language",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "vcflow_site.urls"
WSGI_APPLICATION = "vcflow_site.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "简体中文"), ("en", "English")]
USE_TZ = True
TIME_ZONE = config.time_zone

STATIC_URL = "static/"
WHITENOISE_USE_FINDERS = True

# Cookies belong to a host, whatever the port: keep apart from other Django sites on this machine.
SESSION_COOKIE_NAME = "vcflow_session"
CSRF_COOKIE_NAME = "vcflow_csrf"

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"files": {"class": "sessions_app.logfiles.SessionFileHandler", "folder": config.home / "logs"}},
    "loggers": {"workflow": {"handlers": ["files"], "level": config.log_level, "propagate": False}},
}

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
