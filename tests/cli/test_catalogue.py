"""Everything that is said to people can be said in Chinese."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from sessions_app import language, words
from sessions_app.cli.words import event_name
from sessions_app.language import LOCALE_DIR
from sessions_app.machine import SESSION_RULES
from sessions_app.states import SessionStatus
from stages_app.machine import STAGE_RULES
from stages_app.states import StageStatus


@pytest.fixture
def restored_language() -> Iterator[None]:
    before = language.current()
    yield
    language.activate(before)


ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("sessions_app", "stages_app", "status_bridge", "vcflow_site")
KEYWORDS = {"_": None, "noop": None, "gettext_lazy": None, "ngettext": (1, 2)}
FIELD = re.compile(r"%\(\w+\)[rs]|%[rs]|\{[^{}]*\}")


def messages() -> set[str | tuple[str, ...]]:
    """Every message in the code."""
    return {
        message
        for package in PACKAGES
        for _file, _line, message, _comments, _context in extract_from_dir(
            ROOT / package, [("**.py", "python")], keywords=KEYWORDS
        )
    }


def test_every_message_is_in_the_catalogue_with_its_fields() -> None:
    with open(f"{LOCALE_DIR}/zh_Hans/LC_MESSAGES/django.po", "rb") as file:
        catalogue = read_po(file)
    wrong = []
    for message in messages():
        key = message if isinstance(message, str) else message[0]
        entry = catalogue.get(key)
        text = "" if entry is None or entry.fuzzy else "".join(entry.string)
        fields = FIELD.findall(message if isinstance(message, str) else message[1])
        if not text or sorted(FIELD.findall(text)) != sorted(fields):
            wrong.append(message)
    assert wrong == []


@pytest.mark.parametrize("path", [p for package in PACKAGES for p in (ROOT / package).rglob("*.py")], ids=str)
def test_no_message_hides_in_an_f_string(path: Path) -> None:
    """The extractor doesn't look into f-strings."""
    hidden = [
        call.lineno
        for joined in ast.walk(ast.parse(path.read_text()))
        if isinstance(joined, ast.JoinedStr)
        for call in ast.walk(joined)
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in KEYWORDS
        if call.args and isinstance(call.args[0], ast.Constant | ast.JoinedStr)
    ]
    assert hidden == []


def test_every_state_has_its_word_and_sign() -> None:
    for status in SessionStatus.values:
        assert words.session_state(status)
    for status in ["", *StageStatus.values]:
        assert words.stage_state(status)
        assert words.mark(status)


def test_every_verb_has_a_word_in_both_languages(restored_language: None) -> None:
    for verb in {*SESSION_RULES, *STAGE_RULES}:
        language.activate("en")
        assert words.verb_name(verb) == verb
        language.activate("zh-hans")
        assert words.verb_name(verb) != verb


def test_a_state_in_a_sentence_names_the_status_that_programs_see() -> None:
    assert words.session_state_in_full("PAUSED") == "paused"
    assert words.stage_state_in_full("PAUSED") == "on hold (PAUSED)"


@pytest.mark.parametrize("event", [rule.event for rules in (SESSION_RULES, STAGE_RULES) for rule in rules.values()])
def test_every_verbs_event_has_a_name(event: str) -> None:
    assert event_name(event) != event


def test_an_unknown_event_keeps_its_type() -> None:
    assert event_name("plugin.ran") == "plugin.ran"
