"""The catalogue says everything in Chinese, with the same places to fill in."""

import re
from pathlib import Path

import pytest
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po

ROOT = Path(__file__).resolve().parents[2]
CATALOGUE = ROOT / "sessions_app" / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.po"
PACKAGES = ("sessions_app", "stages_app", "status_bridge", "vcflow_site")
KEYWORDS = {**DEFAULT_KEYWORDS, "noop": None, "gettext_lazy": None}
PLACES = re.compile(r"\{\w*\}|%\(\w+\)[rsd]|%[rsd]")


@pytest.fixture(scope="module")
def translated():
    with CATALOGUE.open("rb") as file:
        return {message.id: message for message in read_po(file) if message.id}


@pytest.fixture(scope="module")
def said():
    with (ROOT / "babel.cfg").open() as file:
        methods, options = parse_mapping_cfg(file)
    found = [
        message
        for package in PACKAGES
        for _file, _line, message, _comments, _context in extract_from_dir(ROOT / package, methods, options, KEYWORDS)
    ]
    return set(found)


def forms(text):
    return [text] if isinstance(text, str) else list(text)


def test_templates_are_read(said):
    assert "Sign in with a password" in said


def test_everything_that_is_said_is_translated(said, translated):
    missing = [text for text in said if text not in translated or not all(forms(translated[text].string))]
    assert sorted(missing, key=str) == []


def test_translation_has_the_places_of_its_text(translated):
    wrong = [
        message.id
        for message in translated.values()
        for form in forms(message.string)
        if form and set(PLACES.findall(form)) != set(PLACES.findall(forms(message.id)[-1]))
    ]
    assert wrong == []


def test_nothing_is_left_to_be_looked_at_again(translated):
    assert [message.id for message in translated.values() if message.fuzzy] == []
