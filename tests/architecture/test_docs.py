"""The documents say what the program does: nothing is missing in them, and what they show is played."""

import ast
import inspect
import re
import shlex
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote

import pytest

from sessions_app import exceptions, signals
from sessions_app.cli.build import UsageError, parse
from sessions_app.machine import SESSION_RULES
from sessions_app.services import FlowSessionManager
from stages_app.machine import STAGE_RULES
from stages_app.services import StageInstanceManager
from tests.architecture import access_reference, command_reference
from tests.architecture.markdown import Played, anchors, files, links, terminal_sessions
from tests.architecture.test_house import PACKAGES, ROOT, SOURCES, parsed
from tests.site.server import serving
from vcflow_site import conf
from vcflow_site.cli import VC

DOCS = ROOT / "docs"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])
TOLD = "\n".join(page.read_text() for page in DOCS.glob("*.md"))

PLAYED = [page for page in PAGES if page.name != "CONTRIBUTING.md" and terminal_sessions(page)]

# They set up another machine, or run until they are stopped.
NOT_PLAYED = ("make ", "gunicorn ", "pip ", "createdb ", "python3.11 -m venv", "~/.vcflow-venv", "export VCFLOW_")

HERE = "127.0.0.1:8000"
"""Where the pages say that the site is served."""

# Spelled so that this file passes its own test.
ELSEWHERE = re.compile(r"/wor[k]/|\.\./share[d]|claud[e]", re.IGNORECASE)
NOT_FOR_READERS = re.compile(rf"{ELSEWHERE.pattern}|\bhelpe[r]\b|\bissue [#]", re.IGNORECASE)
TEXTS = {".py", ".md", ".mdc", ".yaml", ".json", ".po", ".toml", ".html"}

_CODE = re.compile(r"[a-z]+(-[a-z]+)*")


def ids(pages: list[Path]) -> list[str]:
    return [page.relative_to(ROOT).as_posix() for page in pages]


def code_in(node: ast.expr | None) -> Iterator[str]:
    """The code that a constant is, if it is one."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and _CODE.fullmatch(node.value):
        yield node.value


def codes_of_errors(node: ast.AST) -> Iterator[str]:
    """``code = "…"``, ``code="…"`` and ``{"code": "…"}``."""
    match node:
        case (
            ast.AnnAssign(target=ast.Name(id="code"), value=value)
            | ast.Assign(targets=[ast.Name(id="code")], value=value)
        ):
            yield from code_in(value)
        case ast.keyword(arg="code", value=value):
            yield from code_in(value)
        case ast.Dict(keys=keys, values=values):
            for key, value in zip(keys, values, strict=True):
                if list(code_in(key)) == ["code"]:
                    yield from code_in(value)


def codes_of_problems(node: ast.AST) -> Iterator[str]:
    """``Problem("…", message)``, ``report.error(path, "…", message, fix)`` and ``return "…", message, fix``."""
    match node:
        case (
            ast.Call(func=ast.Name(id="Problem"), args=args)
            | ast.Call(func=ast.Attribute(attr="error" | "warn" | "problem" | "report"), args=args)
        ):
            for argument in args:
                yield from code_in(argument)
        case ast.Return(value=ast.Tuple(elts=parts)) | ast.Yield(value=ast.Tuple(elts=parts)) if len(parts) > 2:
            for part in parts:
                yield from code_in(part)


def all_codes() -> set[str]:
    """Every code that an error, a warning or a problem of a file may have."""
    found: set[str] = set()
    for source in SOURCES:
        for node in ast.walk(parsed(source)):
            found.update(codes_of_errors(node))
            if "/definitions/" in source:
                found.update(codes_of_problems(node))
    return found


def exit_statuses() -> dict[str, int]:
    """The exit status of each code that is given where an error is made."""
    found = {}
    for source in SOURCES:
        for node in ast.walk(parsed(source)):
            match node:
                case ast.Call(func=ast.Name(id=name), keywords=keywords) if hasattr(exceptions, name):
                    codes = [code for keyword in keywords if keyword.arg == "code" for code in code_in(keyword.value)]
                    found |= dict.fromkeys(codes, getattr(exceptions, name).exit_status)
    return found


def recorded_events() -> set[str]:
    """The types of all events, from the tables and from what is recorded besides."""
    found = {rule.event for rule in (*SESSION_RULES.values(), *STAGE_RULES.values())}
    for source in SOURCES:
        for node in ast.walk(parsed(source)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "record":
                inner = [constant for argument in node.args[:1] for constant in ast.walk(argument)]
                found |= {str(part.value) for part in inner if isinstance(part, ast.Constant)}
    return {event for event in found if "." in event}


def public_methods(manager: type) -> list[str]:
    return [name for name, _member in inspect.getmembers(manager, callable) if not name.startswith("_")]


@pytest.mark.parametrize("name", conf.NAMES)
def test_setting_is_documented(name):
    assert f"| `{name}` |" in (DOCS / "settings.md").read_text()


@pytest.mark.parametrize("name", [name for name in vars(signals) if isinstance(getattr(signals, name), signals.Signal)])
def test_signal_is_documented(name):
    assert f"| `{name}` |" in (DOCS / "signals.md").read_text()


@pytest.mark.parametrize("code", sorted(all_codes()))
def test_code_is_documented(code):
    assert f"`{code}`" in TOLD


@pytest.mark.parametrize(("code", "status"), sorted(exit_statuses().items()))
def test_code_is_documented_with_its_exit_code(code, status):
    assert f"| `{code}` | {status} |" in (DOCS / "commands.md").read_text()


def test_codes_are_looked_for_where_they_are():
    assert {"busy", "ambiguous", "usage", "stage-unfinished", "log-unwritable", "cycle", "yaml-alias"} <= all_codes()


@pytest.mark.parametrize("event", sorted(recorded_events()))
def test_event_is_documented(event):
    assert f"`{event}`" in (DOCS / "logs.md").read_text()


def test_events_are_looked_for_where_they_are():
    assert {"session.created", "session.paused", "stage.retried", "item.done", "deliverable.added"} <= recorded_events()


@pytest.mark.parametrize("manager", [FlowSessionManager, StageInstanceManager])
def test_method_is_documented(manager):
    page = (DOCS / "python.md").read_text()
    assert [name for name in public_methods(manager) if not re.search(rf"\b{name}\b", page)] == []


@pytest.mark.parametrize("error", exceptions.FlowError.__subclasses__(), ids=lambda error: error.__name__)
def test_exit_code_is_documented(error):
    assert re.search(rf"^\| {error.exit_status} \|", (DOCS / "commands.md").read_text(), re.MULTILINE)


def test_command_reference_is_up_to_date():
    page = command_reference.PAGE.read_text()
    assert page == command_reference.updated(page)


def test_table_of_actions_is_up_to_date():
    page = access_reference.PAGE.read_text()
    assert page == access_reference.updated(page)


def test_every_command_has_an_example():
    assert list(command_reference.EXAMPLES.keys() ^ dict(command_reference.commands()).keys()) == []


@pytest.mark.parametrize(("name", "example"), command_reference.EXAMPLES.items())
def test_example_of_a_command_is_understood(name, example):
    words = shlex.split(example)[1:]
    assert parse(VC.root, "vc", words).command is dict(command_reference.commands())[name]


def test_example_that_is_wrong_is_not_understood():
    with pytest.raises(UsageError):
        parse(VC.root, "vc", ["flow", "session", "list", "--sorted"])


@pytest.mark.parametrize("page", PAGES, ids=ids(PAGES))
def test_links_lead_somewhere(page):
    broken = []
    for link in links(page):
        path, _sharp, fragment = unquote(link).partition("#")
        target = (page.parent / path).resolve() if path else page
        if path.startswith(("http:", "https:")):
            continue
        if not target.exists() or (fragment and fragment not in anchors(target)):
            broken.append(link)
    assert broken == []


@pytest.mark.parametrize("page", PAGES, ids=ids(PAGES))
def test_example_files_exist(page):
    named = re.findall(r"examples/[\w./-]+\w", page.read_text())
    assert [name for name in named if not (ROOT / name).exists()] == []


def found_in(pattern: re.Pattern[str], paths: Iterable[Path]) -> list[str]:
    return [f"{path}: {match.group()}" for path in paths for match in pattern.finditer(path.read_text())]


def test_files_speak_of_nothing_outside_the_project():
    below = [path for folder in (*PACKAGES, "examples", "benchmarks", "tests") for path in (ROOT / folder).rglob("*")]
    texts = [path for path in (*below, *ROOT.iterdir()) if path.suffix in TEXTS]
    assert found_in(ELSEWHERE, [*texts, ROOT / "Makefile"]) == []


def test_documents_speak_to_their_readers():
    assert found_in(NOT_FOR_READERS, PAGES) == []


def write_files(page: Path, folder: Path) -> None:
    for name, content in files(page).items():
        (folder / name).write_text(content)
    (folder / "examples").symlink_to(ROOT / "examples")


def run(command: str, folder: Path, environ: Mapping[str, str]) -> str:
    """What a command prints; fails unless it ends well."""
    done = subprocess.run(
        ["bash", "-c", command], cwd=folder, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
    )
    printed = done.stdout.decode()
    assert done.returncode == 0, f"{command}\n{printed}"
    return printed


def exported(command: str, folder: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """The environment after a command that exports something."""
    entries = run(f"{command} && env --null", folder, environ).split("\0")
    return dict(entry.split("=", 1) for entry in entries if entry)


@contextmanager
def server_for(page: Path, environ: Mapping[str, str]) -> Iterator[str]:
    """Where the site is served, if the page asks it anything."""
    if not any("curl " in played.command for played in terminal_sessions(page)):
        yield HERE
        return
    with serving(environ, "--threads", "4") as server:
        yield f"127.0.0.1:{server.port}"


@pytest.mark.parametrize("page", PLAYED, ids=ids(PLAYED))
def test_terminal_sessions_go_as_they_are_shown(page, tmp_path, command_environ):
    environ = {**command_environ, "VCFLOW_LANG": "zh-hans" if page.parent.name == "zh" else "en"}
    write_files(page, tmp_path)
    run("vc flow list", tmp_path, environ)  # sets the database up, which says so once
    with server_for(page, environ) as there:
        for played in terminal_sessions(page):
            command = played.command.replace(HERE, there)
            if command.startswith(NOT_PLAYED):
                continue
            if command.startswith("export "):
                environ = exported(command, tmp_path, environ)
                continue
            printed = run(command, tmp_path, environ).replace(there, HERE)
            assert played.is_what(printed), f"{command}\n{printed}"


def test_played_output_may_be_cut_short_but_not_be_other():
    played = Played("vc", "one\n…\nthree dev-user-login-7k3q")
    assert played.is_what("one\ntwo\nthree dev-user-login-a2b3\n")
    assert not played.is_what("one\ntwo\nfour dev-user-login-a2b3\n")
