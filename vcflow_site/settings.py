"""Django's settings.  What the environment may change is read in :mod:`vcflow_site.conf`."""

from __future__ import annotations

import os
from pathlib import Path

from django.utils.functional import SimpleLazyObject

from vcflow_site import conf, plugins
from vcflow_site.data_folder import stored_webhook_key

config = conf.load(os.environ)

VCFLOW_HOME = config.home
SECRET_KEY = config.secret_key
DEBUG = config.debug
ALLOWED_HOSTS = config.allowed_hosts
VCFLOW_HTTPS = config.https
VCFLOW_API_RATE = config.api_rate
VCFLOW_WEBHOOK_KEY = SimpleLazyObject(lambda: config.webhook_key or stored_webhook_key(config.home))
VCFLOW_OUTGOING_ALLOW = config.outgoing_allow
VCFLOW_WORKER = config.worker
VCFLOW_BACKUP_EVERY = config.backup_every
VCFLOW_BACKUP_KEEP = config.backup_keep
VCFLOW_BACKUP_FOLDER = config.backup_folder
VCFLOW_ARCHIVE_AFTER = config.archive_after
VCFLOW_ARCHIVE_FOLDER = config.archive_folder
DATABASES = {"default": config.database}

INSTALLED_APPS = plugins.with_plugins(
    [
        # Its pages are found with the addresses (urls.py): a command needs neither.
        "vcflow_site.admin_config.WebAdminConfig",
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.sessions",
        "django.contrib.messages",
        "django.contrib.staticfiles",
        "rest_framework",
        "django_filters",
        "django_htmx",
        "knox",
        "drf_spectacular",
        "drf_spectacular_sidecar",
        "sessions_app",
        "stages_app",
        "status_bridge",
        "vcflow_site",
    ],
    off=config.plugins_off,
)

# The worker procrastinate brings tables of its own, for PostgreSQL alone.
if VCFLOW_WORKER == "procrastinate":
    INSTALLED_APPS.insert(INSTALLED_APPS.index("status_bridge"), "procrastinate.contrib.django")
PROCRASTINATE_AUTODISCOVER_MODULE_NAME = "procrastinate_tasks"
PROCRASTINATE_ON_APP_READY = "status_bridge.procrastinate_tasks.connect"

MIDDLEWARE = [
    # First, so that a refusal by any of the others speaks the visitor's language.
    "django.middleware.locale.LocaleMiddleware",
    "vcflow_site.middleware.speak_the_requests_language",
    "vcflow_site.middleware.keep_the_readers_time",
    "csp.middleware.CSPMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    # Its random padding hides from BREACH how long a compressed secret is.  Scripts and styles are compressed as well.
    "django.middleware.gzip.GZipMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "vcflow_site.limits.keep_within_limits",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]

ROOT_URLCONF = "vcflow_site.urls"
WSGI_APPLICATION = "vcflow_site.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        # Before those of Django's admin, whose frame is drawn anew.
        "DIRS": [Path(__file__).resolve().parent / "templates"],
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

LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"

STATIC_URL = "static/"
WHITENOISE_USE_FINDERS = True

# Cookies belong to a host, whatever the port: keep apart from other Django sites on this machine.
SESSION_COOKIE_NAME = "vcflow_session"
CSRF_COOKIE_NAME = "vcflow_csrf"

CSRF_TRUSTED_ORIGINS = config.trusted_origins
CSRF_FAILURE_VIEW = "vcflow_site.error_pages.csrf_failure"

SECURE_SSL_REDIRECT = SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = config.is_secure
# Those who watch over the server ask it on the machine itself.
SECURE_REDIRECT_EXEMPT = [r"^healthz$"]
SECURE_HSTS_SECONDS = 365 * 24 * 60 * 60 if config.is_secure else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = config.is_secure
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if config.https == "proxy" else None

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    },
}

# Of any body: vcflow_site.limits holds it for those that Django leaves unlimited, such as files.
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 1_000

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {
        "files": {"class": "sessions_app.logfiles.SessionFileHandler", "folder": config.home / "logs"},
        "errors": {"class": "vcflow_site.error_log.ErrorLogHandler", "folder": config.home / "logs"},
    },
    "loggers": {
        "workflow": {"handlers": ["files"], "level": config.log_level, "propagate": False},
        "django.request": {"handlers": ["errors"], "level": "ERROR"},
        "status_bridge": {"handlers": ["errors"], "level": "ERROR", "propagate": False},
        "procrastinate": {"handlers": ["errors"], "level": "ERROR", "propagate": False},
        "django.dispatch": {"handlers": ["errors"], "level": "ERROR"},
        "vcflow": {"handlers": ["errors"], "level": "ERROR", "propagate": False},
    },
}

KNOX_TOKEN_MODEL = "sessions_app.ApiToken"  # noqa: S105 - the name of a model
# Its own migrations would make the table of the model that ours replaces, which nothing fills or empties.
MIGRATION_MODULES = {"knox": None}
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "sessions_app.api.authentication.TokenAuthentication",
        "sessions_app.api.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["sessions_app.api.rendering.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["sessions_app.api.rendering.JSONParser"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "sessions_app.api.negotiation.AlwaysJSON",
    "DEFAULT_SCHEMA_CLASS": "sessions_app.api.autoschema.DeclaredSchema",
    "DEFAULT_METADATA_CLASS": None,
    "DEFAULT_THROTTLE_CLASSES": ["sessions_app.api.throttling.CallerThrottle"],
    "EXCEPTION_HANDLER": "sessions_app.api.problems.exception_handler",
    "URL_FORMAT_OVERRIDE": None,
}

SPECTACULAR_SETTINGS = {
    "TITLE": "vcflow",
    "DESCRIPTION": "Staged work that survives interruption: workflows, their sessions and stages.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SERVE_INCLUDE_SCHEMA": False,
    "POSTPROCESSING_HOOKS": ["vcflow_site.api.add_schemas"],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SWAGGER_UI_SETTINGS": {"persistAuthorization": False, "displayOperationId": True, "tryItOutEnabled": True},
}

REST_KNOX = {
    "AUTH_HEADER_PREFIX": "Bearer",
    "TOKEN_PREFIX": "vcf_",  # by which programs that look for leaked keys know them
    # Four bits each; lists show eleven of them as the token's id, and more than 256 bits stay unknown.
    "AUTH_TOKEN_CHARACTER_LENGTH": 80,
}

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
