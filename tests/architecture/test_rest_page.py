"""``docs/rest.md`` names every endpoint, every command and every code that the API answers with."""

import ast
import re
from collections.abc import Iterator
from functools import cache

import pytest
from drf_spectacular.generators import SchemaGenerator

from sessions_app import exceptions, feed_clock
from sessions_app.api.problems import _FRAMEWORK
from tests.architecture import command_reference
from tests.architecture.test_docs import DOCS, code_in
from tests.architecture.test_house import SOURCES, parsed
from vcflow_site import error_pages

PAGE = (DOCS / "rest.md").read_text()
COMMANDS = dict(re.findall(r"^\| `vc ([\w ]+)` \| (.+) \|$", PAGE, re.MULTILINE))
ENDPOINT = re.compile(r"`(GET|POST|PATCH|DELETE) (/[\w/{}]*)`")

NOT_ANSWERED = {
    "doctor-findings",  # ends a command of the data folder's owner
    "failed",  # the name of the family; whoever raises it gives a code
    "invalid-setting",  # ends the start
    "ping-failed",  # a success of the API: it says how the ping went
    "out-of-time",  # stands in a row of a bulk answer: feed.md
    "stage-needed",  # an address names its stage
    *("invalid-bundle", "import-conflict", "bundle-too-large"),  # of bundles, which come by files: transfer.md
    *("file-exists", "needs-postgresql", "not-a-backup", "other-engine"),  # of backups: backups.md
    *("migration-refused", "sessions-left"),  # an answer has each session's reasons in its row: migrating.md
    "unknown-verb",  # of update_stage_status alone
    *("database-newer", "database-outdated"),  # the start sees to it
    *("declined", "file", "output", "usage"),  # of terminals and files
}

ClassOfError = type[exceptions.FlowError]


def family(error: ClassOfError = exceptions.FlowError) -> Iterator[ClassOfError]:
    yield error
    for child in error.__subclasses__():
        yield from family(child)


FAMILY = {error.__name__: error for error in family() if error.__module__.startswith(("sessions_app", "vcflow_site"))}
assert feed_clock.FeedUnsettled in FAMILY.values()
assert error_pages.UnknownHost in FAMILY.values()


def given_codes() -> Iterator[tuple[str, int]]:
    """The codes that are given where an error is made, with the HTTP status of its class."""
    for source in SOURCES:
        for node in ast.walk(parsed(source)):
            match node:
                case ast.Call(func=ast.Name(id=name), keywords=keywords) if name in FAMILY or name == "Refused":
                    status = 401 if name == "Refused" else FAMILY[name].http_status
                    codes = [code for keyword in keywords if keyword.arg == "code" for code in code_in(keyword.value)]
                    yield from ((code, status) for code in codes)


def answered() -> set[tuple[str, int]]:
    """Every code that the API may answer with, and its HTTP status."""
    own = {(error.code, error.http_status) for error in FAMILY.values()}
    of_framework = {(code, kind.status_code) for kind, (code, _message, _fix) in _FRAMEWORK.items()}
    return {(code, status) for code, status in own | of_framework | set(given_codes()) if code not in NOT_ANSWERED}


@cache
def operations() -> frozenset[str]:
    """``POST /sessions/{}/pause/`` and so on: every operation, as the API describes itself."""
    paths = SchemaGenerator().get_schema(request=None, public=True)["paths"]
    return frozenset(plain(verb.upper(), path.removeprefix("/api/v1")) for path in paths for verb in paths[path])


def plain(method: str, path: str) -> str:
    return f"{method} {re.sub(r'{[^}]*}', '{}', path)}"


def endpoints(text: str) -> set[str]:
    return {plain(method, path) for method, path in ENDPOINT.findall(text)}


@pytest.mark.parametrize(("code", "status"), sorted(answered()))
def test_code_is_documented_with_its_status(code, status):
    assert f"| `{code}` | {status} |" in PAGE


def test_no_code_is_documented_that_nobody_answers():
    documented = set(re.findall(r"^\| `([a-z-]+)` \| \d{3} \|", PAGE, re.MULTILINE))
    assert documented - {code for code, _status in answered()} == set()


def test_every_command_has_its_row():
    assert sorted(COMMANDS) == sorted(dict(command_reference.commands()))


@pytest.mark.parametrize(("command", "cell"), COMMANDS.items())
def test_command_has_its_endpoint_or_a_reason(command, cell):
    named = endpoints(cell)
    assert named <= operations()
    assert named or re.fullmatch(r"none: \w.{10,}", cell)


def test_every_operation_is_named_and_no_other():
    assert endpoints(PAGE) == operations()
