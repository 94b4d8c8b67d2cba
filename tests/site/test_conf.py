import errno
import multiprocessing
import re
import stat
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from sessions_app.exceptions import FlowError
from vcflow_site import conf, data_folder
from vcflow_site.conf import load
from vcflow_site.data_folder import ConfigError
from vcflow_site.databases import sqlite

KEY = "k" * 60
WEBHOOK_KEY = "d2ViaG9va3Mgd2ViaG9va3Mgd2ViaG9va3Mgd2ViaG8="


@pytest.fixture
def environ(tmp_path):
    return {"VCFLOW_HOME": str(tmp_path / "home"), "VCFLOW_SECRET_KEY": KEY}


def test_defaults_are_safe(environ):
    config = load(environ)
    assert config.debug is False
    assert config.allowed_hosts == ["localhost", "127.0.0.1", "[::1]"]
    assert config.log_level == "DEBUG"
    assert config.database["NAME"] == config.home / "db.sqlite3"
    assert config.database["OPTIONS"]["transaction_mode"] == "IMMEDIATE"
    assert not config.home.exists()


def test_home_and_key_are_private(environ):
    del environ["VCFLOW_SECRET_KEY"]
    config = load(environ)
    assert stat.S_IMODE(config.home.stat().st_mode) == 0o700
    assert [path.name for path in config.home.iterdir()] == ["secret_key"]
    assert stat.S_IMODE((config.home / "secret_key").stat().st_mode) == 0o600
    assert len(config.secret_key) >= 50
    assert load(environ).secret_key == config.secret_key


def _key_into(home, keys):
    keys.put(data_folder.stored_secret_key(home))


def test_first_commands_at_once_agree_on_the_key(tmp_path):
    fork = multiprocessing.get_context("fork")
    keys = fork.SimpleQueue()
    racers = [fork.Process(target=_key_into, args=(tmp_path / "home", keys)) for _ in range(8)]
    for racer in racers:
        racer.start()
    found = {keys.get() for _ in racers}
    for racer in racers:
        racer.join()
    assert len(found) == 1
    assert [path.name for path in (tmp_path / "home").iterdir()] == ["secret_key"]


@pytest.mark.parametrize("content", [b"", b"\xff\xfe" * 40, "密钥".encode() * 40])
def test_damaged_key_file_is_refused(tmp_path, content):
    (tmp_path / "secret_key").write_bytes(content)
    with pytest.raises(ConfigError, match="secret_key is damaged"):
        data_folder.stored_secret_key(tmp_path)


def test_folder_in_the_place_of_the_key_file_is_refused(tmp_path):
    (tmp_path / "secret_key").mkdir()
    with pytest.raises(ConfigError, match="secret_key is damaged"):
        data_folder.stored_secret_key(tmp_path)


def test_webhook_key_is_made_once_for_its_owner(tmp_path):
    key = data_folder.stored_webhook_key(tmp_path)
    assert data_folder.is_webhook_key(key)
    assert data_folder.stored_webhook_key(tmp_path) == key
    assert stat.S_IMODE((tmp_path / "webhook_key").stat().st_mode) == 0o600


def test_damaged_webhook_key_is_refused(tmp_path):
    (tmp_path / "webhook_key").write_text("short")
    with pytest.raises(ConfigError, match="webhook_key is damaged") as caught:
        data_folder.stored_webhook_key(tmp_path)
    assert "backup" in caught.value.fix


def test_procrastinate_is_taken_with_postgresql(environ):
    url = "postgres://ann@db.example.org/flow"
    assert load({**environ, "VCFLOW_DATABASE_URL": url, "VCFLOW_WORKER": "procrastinate"}).worker == "procrastinate"


def test_key_that_others_could_read_is_closed_to_them(tmp_path):
    path = tmp_path / "secret_key"
    path.write_text(KEY)
    path.chmod(0o644)
    assert data_folder.stored_secret_key(tmp_path) == KEY
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_key_whose_mode_can_not_be_changed_is_used(tmp_path, monkeypatch):
    (tmp_path / "secret_key").write_text(KEY)
    (tmp_path / "secret_key").chmod(0o644)

    def refuse(*_args, **_options):
        raise PermissionError

    monkeypatch.setattr(Path, "chmod", refuse)
    assert data_folder.stored_secret_key(tmp_path) == KEY


def test_unusable_data_folder_is_named(tmp_path):
    home = tmp_path / "home"
    home.write_text("a file")
    with pytest.raises(ConfigError, match=f"The data folder {home} can't be used") as caught:
        data_folder.stored_secret_key(home)
    assert "VCFLOW_HOME" in caught.value.fix


@pytest.mark.parametrize("home", ["/proc", "/proc/version/home"])
def test_folder_that_can_not_be_written_is_named(home):
    with pytest.raises(FlowError, match=f"The data folder {home} can't be used"):
        data_folder.stored_secret_key(Path(home))


@pytest.mark.parametrize(
    ("number", "code", "exit_status"),
    [
        (errno.ENOSPC, "disk-full", 8),
        (errno.EDQUOT, "disk-full", 8),
        (errno.EROFS, "read-only", 1),
        (errno.EACCES, "read-only", 1),
        (errno.ENOTDIR, "invalid-setting", 2),
    ],
)
def test_trouble_with_the_data_folder_is_told_apart(tmp_path, number, code, exit_status):
    error = data_folder.unusable_folder(tmp_path, OSError(number, "reason"))
    assert (error.code, error.exit_status) == (code, exit_status)
    assert str(tmp_path) in error.message


@pytest.mark.parametrize(
    ("name", "value", "field", "expected"),
    [
        ("VCFLOW_DEBUG", "1", "debug", True),
        ("VCFLOW_DEBUG", "off", "debug", False),
        ("VCFLOW_DEBUG", "", "debug", False),
        ("VCFLOW_ALLOWED_HOSTS", " flow.example.org, 10.0.0.7 ", "allowed_hosts", ["flow.example.org", "10.0.0.7"]),
        ("VCFLOW_HTTPS", "Proxy", "https", "proxy"),
        ("VCFLOW_HTTPS", "0", "https", "0"),
        ("VCFLOW_HTTPS", "", "https", ""),
        ("VCFLOW_LOG_LEVEL", "warning", "log_level", "WARNING"),
        ("VCFLOW_TIME_ZONE", "Asia/Shanghai", "time_zone", "Asia/Shanghai"),
        ("VCFLOW_SECRET_KEY", "s" * 50, "secret_key", "s" * 50),
        ("VCFLOW_API_RATE", "", "api_rate", (600, 60)),
        ("VCFLOW_API_RATE", "5/second", "api_rate", (5, 1)),
        ("VCFLOW_API_RATE", "1000/day", "api_rate", (1000, 86_400)),
        ("VCFLOW_API_RATE", "0", "api_rate", None),
        ("VCFLOW_WEBHOOK_KEY", WEBHOOK_KEY, "webhook_key", WEBHOOK_KEY),
        ("VCFLOW_WEBHOOK_KEY", "", "webhook_key", ""),
        ("VCFLOW_OUTGOING_ALLOW", "127.0.0.1, 10.1.0.0/16,", "outgoing_allow", ("127.0.0.1/32", "10.1.0.0/16")),
        ("VCFLOW_WORKER", "", "worker", "embedded"),
        ("VCFLOW_WORKER", "Embedded", "worker", "embedded"),
    ],
)
def test_setting_is_read(environ, name, value, field, expected):
    assert getattr(load({**environ, name: value}), field) == expected


@pytest.mark.parametrize(
    ("name", "value", "mend"),
    [
        ("VCFLOW_DEBUG", "maybe", "1 or 0"),
        ("VCFLOW_ALLOWED_HOSTS", "http://example.org", "without http://"),
        ("VCFLOW_ALLOWED_HOSTS", ",", "separated by commas"),
        ("VCFLOW_HTTPS", "yes", "0, 1, proxy"),
        ("VCFLOW_LANG", "klingon", "zh-hans, en"),
        ("VCFLOW_LOG_LEVEL", "LOUD", "DEBUG, INFO"),
        ("VCFLOW_TIME_ZONE", "Mars/Olympus", "Asia/Shanghai"),
        ("VCFLOW_TIME_ZONE", "../../etc/passwd", "Asia/Shanghai"),
        ("VCFLOW_SECRET_KEY", "short", "at least 50"),
        ("VCFLOW_API_RATE", "600", "600/minute"),
        ("VCFLOW_API_RATE", "0/minute", "600/minute"),
        ("VCFLOW_API_RATE", "-1/minute", "600/minute"),
        ("VCFLOW_API_RATE", "9/fortnight", "600/minute"),
        ("VCFLOW_API_RATE", "many/minute", "600/minute"),
        ("VCFLOW_DATABASE_URL", "mysql://root@localhost/flow", "postgres://"),
        ("VCFLOW_DATABASE_URL", "nonsense", "postgres://"),
        ("VCFLOW_DATABASE_URL", "postgres://h:port/db", "postgres://"),
        ("VCFLOW_DATABASE_URL", "sqlite:///rel.db", "sqlite:////absolute"),
        ("VCFLOW_DATABASE_URL", "sqlite://", "sqlite:////absolute"),
        ("VCFLOW_WEBHOOK_KEY", "short", "32 random bytes"),
        ("VCFLOW_WEBHOOK_KEY", "#" * 44, "32 random bytes"),
        ("VCFLOW_OUTGOING_ALLOW", "http://10.0.0.1", "without http://"),
        ("VCFLOW_WORKER", "celery", "embedded, procrastinate"),
        ("VCFLOW_WORKER", "procrastinate", "PostgreSQL"),
        ("VCFLOW_HOME", "rel", "absolute path"),
        ("VCFLOW_HOME", "~nobody-of-that-name/vcflow", "absolute path"),
    ],
)
def test_bad_setting_is_refused_with_its_name_and_the_mend(environ, name, value, mend):
    with pytest.raises(ConfigError) as caught:
        load({**environ, name: value})
    error = caught.value
    assert isinstance(error, ImproperlyConfigured)
    assert error.exit_status == 2
    assert name in error.message
    assert mend in error.fix
    assert mend in str(error)


@pytest.mark.parametrize("name", ["VCFLOW_SECRET_KEY", "VCFLOW_WEBHOOK_KEY", "VCFLOW_DATABASE_URL"])
def test_secret_is_not_shown(environ, name):
    with pytest.raises(ConfigError) as caught:
        load({**environ, name: "hush"})
    assert "hush" not in str(caught.value)


def test_database_url_names_postgresql(environ):
    database = load({**environ, "VCFLOW_DATABASE_URL": "postgres://ann@db.example.org:5433/flow"}).database
    assert database["ENGINE"] == "django.db.backends.postgresql"
    assert (database["HOST"], database["PORT"], database["NAME"]) == ("db.example.org", 5433, "flow")


def test_sqlite_url_keeps_the_careful_options(environ):
    database = load({**environ, "VCFLOW_DATABASE_URL": "sqlite:////var/data/flow.db"}).database
    assert database == sqlite(Path("/var/data/flow.db"))


def test_tilde_is_the_users_folder(environ, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    config = load({**environ, "VCFLOW_HOME": "~/flow", "VCFLOW_DATABASE_URL": "sqlite:///~/flow.db"})
    assert (config.home, config.database["NAME"]) == (tmp_path / "flow", tmp_path / "flow.db")


def test_home_is_in_the_checkout_when_run_from_one(tmp_path, monkeypatch):
    monkeypatch.setattr(conf, "CHECKOUT", tmp_path)
    for name in ("pyproject.toml", "manage.py"):
        (tmp_path / name).touch()
    assert conf.find_home({}) == tmp_path / ".vcflow"


def test_home_is_the_users_when_installed(tmp_path, monkeypatch):
    monkeypatch.setattr(conf, "CHECKOUT", tmp_path)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))
    assert conf.find_home({}) == tmp_path / "share" / "vcflow"


@pytest.mark.parametrize(
    ("environ", "timezone", "localtime", "expected"),
    [
        ({"TZ": ":Europe/Paris"}, "Asia/Tokyo", "", "Europe/Paris"),
        ({"TZ": "CET-1CEST"}, "Asia/Tokyo", "", "Asia/Tokyo"),
        ({}, "", "/usr/share/zoneinfo/America/Lima", "America/Lima"),
        ({}, "no such zone", "", "UTC"),
        ({}, "", "", "UTC"),
    ],
)
def test_time_zone_of_the_machine(tmp_path, environ, timezone, localtime, expected):
    if timezone:
        (tmp_path / "timezone").write_text(f"{timezone}\n")
    if localtime:
        (tmp_path / "localtime").symlink_to(localtime)
    assert conf.machine_time_zone(environ, etc=tmp_path) == expected


def test_every_setting_is_documented():
    page = (conf.CHECKOUT / "docs" / "settings.md").read_text()
    documented = re.findall(r"^\| `(VCFLOW_\w+)` \|", page, flags=re.MULTILINE)
    assert sorted(documented) == sorted(conf.NAMES)


def test_every_setting_that_the_code_reads_is_listed():
    packages = [conf.CHECKOUT / name for name in ("sessions_app", "stages_app", "status_bridge", "vcflow_site")]
    sources = [path.read_text() for package in packages for path in package.rglob("*.py")]
    read = {name for source in sources for name in re.findall(r'"(VCFLOW_[A-Z_]+)"', source)}
    assert read - {"VCFLOW_HOME"} == set(conf.NAMES) - {"VCFLOW_HOME"}
