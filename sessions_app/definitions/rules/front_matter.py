"""The ``---`` header of a rule file, read line by line: often it is not valid YAML."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from sessions_app.definitions.schema import Problem
from sessions_app.language import gettext as _

_KEY = re.compile(r"([A-Za-z_][\w-]*)[ \t]*([:：])(.*)")
_HEADING = re.compile(r"#{1,6}[ \t]+\S")
_BLOCK_SCALAR = re.compile(r"[|>][+-]?[0-9]?$")
_NOT_YAML = re.compile(r"[*&!%@`]")


@dataclass(slots=True)
class FrontMatter:
    """The header's plain values by key, and the body's first line (an index from 0)."""

    values: dict[str, str] = field(default_factory=dict)
    body: int = 0
    warnings: list[Problem] = field(default_factory=list)

    def warn(self, line: int, message: str) -> None:
        fix = _("Write one “key: value” a line between two lines of “---”, quoting values with special characters.")
        self.warnings.append(Problem("front-matter", message, line, fix=fix))


def read_front_matter(lines: Sequence[str]) -> FrontMatter:
    """The header at the top of ``lines``, if there is one; oddities become warnings, never errors."""
    found = FrontMatter()
    start = next((index for index, line in enumerate(lines) if line.strip()), len(lines))
    opened = start < len(lines) and lines[start].rstrip() == "---"
    if not opened or start + 1 == len(lines) or not _belongs(lines[start + 1]):
        return found
    end, found.body = _end(lines, start + 1)
    if end == found.body:
        found.warn(start + 1, _("The front matter is not closed; it is read up to line {line}.").format(line=end))
    _read_entries(lines, start + 1, end, found)
    return found


def _belongs(line: str) -> bool:
    return bool(_KEY.match(line.strip())) or line.strip() in ("", "---") or line.startswith("# ")


def _end(lines: Sequence[str], start: int) -> tuple[int, int]:
    """Where the entries end and where the body begins; equal when the closing line is missing."""
    for index in range(start, len(lines)):
        if lines[index].rstrip() in ("---", "..."):
            return index, index + 1
        if _is_body_heading(lines, index, start):
            break
    for index in range(start, len(lines)):
        if not lines[index].strip() or _HEADING.match(lines[index]):
            return index, index
    return len(lines), len(lines)


def _is_body_heading(lines: Sequence[str], index: int, start: int) -> bool:
    """A heading, not a YAML comment: of level 2 or more, or with a blank line beside it."""
    if not _HEADING.match(lines[index]):
        return False
    beside = [*lines[index + 1 : index + 2], *(lines[index - 1 : index] if index > start else [])]
    return lines[index].startswith("##") or any(not line.strip() for line in beside)


def _read_entries(lines: Sequence[str], start: int, end: int, found: FrontMatter) -> None:
    key = ""
    for index in range(start, end):
        line = lines[index]
        if "\t" in line[: len(line) - len(line.lstrip())]:
            found.warn(index + 1, _("A tab indents the line."))
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        entry = _KEY.match(line)
        if entry:
            key = _read_entry(entry, index + 1, found)
        elif line[0] in " \t-" and key:
            _continue_value(found, key, line.strip())
        else:
            found.warn(index + 1, _("The line is not “key: value”; it is left out."))


def _read_entry(entry: re.Match[str], line: int, found: FrontMatter) -> str:
    key, colon, rest = entry.groups()
    if colon == "：" or (rest and not rest[0].isspace()):
        found.warn(line, _("“{key}” has no colon followed by a space.").format(key=key))
    if key in found.values:
        found.warn(line, _("“{key}” is given twice; the last one counts.").format(key=key))
    value = rest.strip()
    if value[:1] in ("'", '"'):
        found.values[key] = _unquote(value, line, found)
        return key
    value = re.sub(r"[ \t]#.*", "", value).rstrip()
    if _NOT_YAML.match(value) or re.search(r": ", value):
        found.warn(line, _("The value of “{key}” should be quoted; it is read as plain text.").format(key=key))
    found.values[key] = "" if _BLOCK_SCALAR.match(value) else value
    return key


def _unquote(value: str, line: int, found: FrontMatter) -> str:
    quote = value[0]
    end = value.rfind(quote)
    if end == 0:
        found.warn(line, _("A quotation mark is not closed."))
        return value[1:]
    inner = value[1:end]
    return inner.replace("''", "'") if quote == "'" else inner.replace('\\"', '"').replace("\\\\", "\\")


def _continue_value(found: FrontMatter, key: str, text: str) -> None:
    found.values[key] = f"{found.values[key]} {text}".strip()
