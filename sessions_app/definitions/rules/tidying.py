"""The lines of a rule file as Markdown would have them: its spaces, bullets, numbers and headings."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from sessions_app.definitions.rules.labels import meaning_of
from sessions_app.definitions.rules.wording import is_named_stage, numbered

_GLUED_HEADING = re.compile(r"([ ]{0,3})(#{2,6})[ \t]*([^\s#].*)")
_BULLET = re.compile(r"([ \t]*)[•·●▪◦○–—－＊][ \t]*(?=\S)")
_NUMBER = re.compile(r"([ \t]*)([0-9０-９]{1,3})(?:[、．）][ \t]*|(?<=[０-９])[.)][ \t]*)(?=\S)")
_ENTRY = re.compile(r"[ \t]*(?:[-*+]|\d{1,9}[.)])[ \t]")
_MARGIN_LABEL = re.compile(r"\*\*[^*\n]+(?:[:：]\*\*|\*\*\s*[:：])")
_HEAD = re.compile(r"[\s\u200b-\u200d\u2060\ufeff]*(?:(?:[-*+>]|#{1,6}|\d{1,9}[.)])[\s\u200b-\u200d\u2060\ufeff]+)?")
_WIDTHS = {"\u3000": 2} | dict.fromkeys("\u200b\u200c\u200d\u2060\ufeff", 0)
_DEEPEST_TEXT = 3
"""Columns by which a text may be indented without being code."""
_BOLD_LINE = re.compile(r"[ ]{0,3}(\*\*|__)([^*_。，！!]{1,60})\1(?:\s*[:：])?\s*")


def tidied_lines(lines: Sequence[str]) -> Iterator[str]:
    """The lines as Markdown writes them; a label at the margin doesn't continue the list entry above it."""
    in_list = False
    for line in map(_tidied, lines):
        in_list = bool(line.strip()) and (in_list or bool(_ENTRY.match(line))) and not line.startswith("#")
        yield f"+ {line}" if in_list and _MARGIN_LABEL.match(line) else line


def _tidied(line: str) -> str:
    """Odd spaces, headings without a space, and the list marks of Chinese typography, as Markdown writes them."""
    line = _with_plain_spaces(line)
    heading = _GLUED_HEADING.fullmatch(line)
    if heading:
        return f"{heading[1]}{heading[2]} {heading[3]}"
    bullet = _BULLET.match(line)
    if bullet:
        return f"{bullet[1]}- {line[bullet.end() :]}"
    title = _bold_title(line)
    if title:
        return f"###### {title}"
    number = _NUMBER.match(line)
    return f"{number[1]}{int(number[2])}. {line[number.end() :]}" if number else line


def _with_plain_spaces(line: str) -> str:
    """No-break, full-width and invisible spaces before the text as Markdown's own, which it doesn't take them for."""
    found = _HEAD.match(line)
    head = found.group() if found else ""
    if head.isascii():
        return line
    mark = "".join(char for char in head if not char.isspace() and char not in _WIDTHS)
    indent = head.partition(mark)[0] if mark else head
    columns = 0 if mark.startswith("#") else sum(_WIDTHS.get(char, 4 if char == "\t" else 1) for char in indent)
    rest = line[len(head) :]
    return f"{' ' * columns}{mark} {rest}" if mark else f"{' ' * min(columns, _DEEPEST_TEXT)}{rest}"


def _bold_title(line: str) -> str:
    """The name of a stage that stands in bold on a line of its own, as a heading would."""
    found = _BOLD_LINE.fullmatch(line)
    title = found[2].strip().rstrip(":：").strip() if found else ""
    number = numbered(title)
    names_stage = (number and number.step) or is_named_stage(title)
    return title if names_stage and not meaning_of(title) else ""
