"""Markdown's inline marks and the habits of writers: plain text, numbering, lists within a line."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from markdown_it import MarkdownIt
from markdown_it.token import Token

from sessions_app.text import TEXT_LENGTH

_INLINE = MarkdownIt("commonmark").enable("strikethrough")
_MARKUP = re.compile(r"[\\*_`~<>&\[\]!]")
_ARROW = re.compile(r"\A\s*(?:→|⇒|->|=>)\s*")
_TASK = re.compile(r"\[[ xX✓✔-]?\][ \t\u3000]+|[☐☑☒⬜][ \t\u3000]*")
_OPTIONAL = re.compile(r"\s*[(（\[【]\s*(?:可选|选做|非必需|optional)\s*[)）\]】]\s*", re.IGNORECASE)
_LEADING_MARKS = re.compile(r"^[^\w(（【\[\"“'‘<《`/.~@#$*]+")
_CHINESE_DIGITS = {digit: value for value, digit in enumerate("一二三四五六七八九", 1)}
_NUMBER = r"(?:\d{1,3}|[一二三四五六七八九十]{1,3})"
_SEPARATOR = r"(?:\s*[、．:：)）】\]—–]|\s*\.(?!\d)|\s*-(?=\s)|\ufe0f?\u20e3|\s)\s*"
_STEP = re.compile(
    rf"(?:第\s*(?P<before>{_NUMBER})\s*(?:步骤|步|阶段|环节)"
    rf"|(?:步骤|阶段|环节|step|phase|stage)\s*#?(?P<after>{_NUMBER}))"
    rf"(?:{_SEPARATOR}|$)(?P<rest>.*)",
    re.IGNORECASE | re.DOTALL,
)
_NUMBERED = re.compile(rf"[(（【\[]?(?P<number>{_NUMBER}){_SEPARATOR}(?P<rest>.+)", re.DOTALL)
_WORDS = (
    ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"),
    ("a", "b", "c", "d", "e", "f", "g", "h"),
    ("i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x"),
)
_WORD_NUMBERS = {word: value for words in _WORDS for value, word in enumerate(words, 1)}
_WORD_STEP = re.compile(
    rf"(?:step|phase|stage)\s+(?P<word>{'|'.join(_WORD_NUMBERS)})\s*(?:[:：.、—–]|-(?=\s)|$)\s*(?P<rest>.*)",
    re.IGNORECASE | re.DOTALL,
)
_NAMED = re.compile(r".+阶段\s*(?:[(（【].*)?|.+\b(?:stage|phase)\s*(?:\(.*)?", re.IGNORECASE)
_ANNOUNCED = re.compile(r"(?:步骤|阶段|环节|step|phase|stage)\s*[:：]\s*(?P<rest>.+)", re.IGNORECASE | re.DOTALL)
_ENCLOSED = re.compile(r"[【\[「《]([^【\[「《】\]」》]+)[】\]」》]")
_SECTION = re.compile(r"\d{1,3}(?:\.[1-9]\d?)+[.、]?\s+(?=\D)")
_OPENERS, _CLOSERS = "（([【《“‘「『{", "）)]】》”’」』}"
_STAGE_WORD = re.compile(r"(?<=[)）】\]])\s*(?:阶段|stage|phase)$", re.IGNORECASE)
_CUT = re.compile(r"[、，,;；]|(?<=[\s\u2e80-\U0010ffff])/(?=[\s\u2e80-\U0010ffff])")
_LAST_AND = re.compile(r"\s+(?:and|&|和|及|与|以及)\s+|以及|和", re.IGNORECASE)
_LEADING_AND = re.compile(r"\A(?:and|以及)\s+", re.IGNORECASE)
_AND_SO_ON = re.compile(r"(?<=.)(?:\s*等等?|\s+etc\.?)$", re.IGNORECASE)
_NOTHING = re.compile(r"无|没有|暂无|不适用|none|nothing|nil|n/?a|not applicable|[-—–/]+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Numbered:
    """A text that begins with a number; ``step`` when a word calls it a step, stage or phase."""

    number: int
    step: bool
    rest: str


@lru_cache(maxsize=4096)
def plain(raw: str) -> str:
    """The text without Markdown's marks, NFC, on one line; struck text is gone, and an arrow after it."""
    if len(raw) > TEXT_LENGTH:
        # Too long to be taken anyway; it only has to be refused by its length.
        return raw
    if not _MARKUP.search(raw):
        return unicodedata.normalize("NFC", " ".join(raw.split()))
    children = _INLINE.parseInline(raw)[0].children or []
    text = "".join(_visible(children))
    return unicodedata.normalize("NFC", " ".join(text.split()))


def _visible(tokens: list[Token]) -> Iterator[str]:
    struck = 0
    after_struck = False
    for token in tokens:
        if token.type in ("s_open", "s_close"):
            struck += token.nesting
            after_struck = True
            continue
        text = "" if struck else _token_text(token)
        if after_struck and text.strip():
            text = _ARROW.sub("", text)
            after_struck = False
        yield text


def _token_text(token: Token) -> str:
    if token.type in ("softbreak", "hardbreak") or token.content.lower().startswith("<br"):
        return " "
    # Emphasis beside Chinese punctuation is none to CommonMark, and its asterisks stay.
    return token.content.replace("**", "") if token.type == "text" else token.content


def without_symbols(text: str) -> str:
    """The text without the emoji or arrows that it begins with."""
    return _LEADING_MARKS.sub("", text)


def task(raw: str) -> str | None:
    """The text of an entry with a checkbox, else None."""
    box = _TASK.match(raw.lstrip())
    return raw.lstrip()[box.end() :] if box else None


def optional(text: str) -> tuple[str, bool]:
    """The text without a mark such as （可选）, and whether it had one."""
    rest = _OPTIONAL.sub(" ", text).strip()
    return (rest, True) if rest and rest != text.strip() else (text, False)


def numbered(text: str) -> Numbered | None:
    """Read ``1. X``, ``一、X``, ``第一步 X``, ``步骤2：X``, ``Phase 3: X``, ``Stage B: X``.

    The rest is the whole text when nothing follows the number.
    """
    folded = without_symbols(_fold_digits(text))
    found = _STEP.match(folded)
    if found:
        number = _value(found["before"] or found["after"])
        return Numbered(number, True, found["rest"].strip() or text)
    found = _WORD_STEP.match(folded)
    if found:
        return Numbered(_WORD_NUMBERS[found["word"].lower()], True, found["rest"].strip() or text)
    found = _NUMBERED.match(folded)
    return Numbered(_value(found["number"]), False, found["rest"].strip()) if found else None


def _fold_digits(text: str) -> str:
    """Full-width and circled digits as ASCII ones; all other characters as they are."""
    return re.sub(r"[０-９①-⑳]", lambda found: _folded_digit(found.group()), text)


def _folded_digit(digit: str) -> str:
    folded = unicodedata.normalize("NFKC", digit)
    return folded if digit < "\u2460" or digit > "\u2473" else f"{folded}\u20e3"


def _value(number: str) -> int:
    if number.isdigit():
        return int(number)
    tens, ten, ones = number.rpartition("十")
    return (10 * _CHINESE_DIGITS.get(tens, 1) if ten else 0) + _CHINESE_DIGITS.get(ones[-1:], 0)


def stage_name(text: str) -> str:
    """A heading's text without numbers, symbols, brackets around it, and the word «Stage:» before it."""
    number = numbered(text)
    if number:
        return number.rest
    bare = _unwrapped(text)
    announced = _ANNOUNCED.fullmatch(bare)
    return announced["rest"].strip() if announced else _SECTION.sub("", bare, count=1)


def is_named_stage(text: str) -> bool:
    """``X阶段``, ``X stage``, ``Phase 2: X``, ``【X阶段】``, ``Stage: X``."""
    bare = _unwrapped(text)
    return bool(_NAMED.fullmatch(bare) or _ANNOUNCED.fullmatch(bare))


def _unwrapped(text: str) -> str:
    bare = without_symbols(text) or text
    enclosed = _ENCLOSED.fullmatch(bare)
    return enclosed[1].strip() if enclosed else bare


def remark(text: str) -> tuple[str, str]:
    """A text and the remark in brackets at its end, which may be empty: ``发布阶段 (Release)``, ``X（甲）阶段``."""
    text = text.strip()
    word = _STAGE_WORD.search(text)
    end = word.start() if word else len(text)
    depth = 0
    for index in range(end - 1, 0, -1):
        depth += (text[index] in _CLOSERS) - (text[index] in _OPENERS)
        if depth <= 0:
            closed = index < end - 1
            return (f"{text[:index].rstrip()}{text[end:]}", text[index + 1 : end - 1].strip()) if closed else (text, "")
    return text, ""


def says_nothing(text: str) -> bool:
    """Whether a value says that there is none: ``无``, ``N/A``, ``-``."""
    return bool(_NOTHING.fullmatch(text.strip(" \t。.")))


def split_outside(pattern: re.Pattern[str], text: str) -> list[str]:
    """The text's parts between the places where the pattern is found outside brackets."""
    parts, depth, start = [], 0, 0
    filled = []
    for char in text:
        depth += (char in _OPENERS) - (char in _CLOSERS and depth > 0)
        filled.append("〓" if depth else char)
    for found in pattern.finditer("".join(filled)):
        parts.append(text[start : found.start()])
        start = found.end()
    return [*parts, text[start:]]


def split_list(text: str) -> list[str]:
    """The parts of ``甲、乙，丙``, ``a, b; c`` or ``a, b and c``; at ``/`` only between Chinese or spaces.

    A remark in brackets belongs to what stands before it; ``等`` at the end is no part.
    """
    parts: list[str] = []
    for raw in split_outside(_CUT, text):
        part = raw.lstrip(" \t。").rstrip(" \t。.")
        if part and parts and part[0] in "（(" and remark(f"_{part}")[0] == "_":
            parts[-1] += part
        elif part:
            parts.append(part)
    if len(parts) > 1:
        parts[-1:] = _last_of_several(parts[-1])
    return parts


def _last_of_several(text: str) -> list[str]:
    """The end of a list: «B和C», «and C», «C 等»."""
    last = _LEADING_AND.sub("", _AND_SO_ON.sub("", text), count=1)
    pair = [part.strip() for part in split_outside(_LAST_AND, last)]
    # A single Chinese character beside 和 is rather a part of a word (调和油) than a thing.
    splits = len(pair) == 2 and all(len(part) > 1 or (part and part.isascii()) for part in pair)
    return pair if splits else [last]
