"""What a secret is known by: the words of its key, or, inside a text, its own look.

Imports no Django.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

MASK = "••••••"
"""Stands where a secret is hidden."""

_SECRET_WORDS = frozenset({"pwd", "dsn", "jwt", "otp", "passcode", "cred", "credential", "authorization", "cookie"})
_SECRET_ENDINGS = ("password", "passwd", "passphrase", "secret", "token", "apikey", "accesskey", "privatekey")
_SECRET_PAIRS = {
    "key": frozenset(
        {"api", "access", "private", "secret", "encryption", "signing", "auth", "master", "account"}
        | {"shared", "session", "service", "deploy", "ssh", "webhook"}
    ),
    "pass": frozenset({"db", "database", "user", "admin", "root", "smtp", "mail", "email", "login", "ssh", "proxy"}),
    "string": frozenset({"connection"}),
}
"""Words that name a secret behind one of these."""
_SECRET_CHINESE = ("密码", "密碼", "口令", "密钥", "密鑰", "私钥", "令牌", "凭证", "凭据")
_QUALIFIERS = frozenset(
    {"value", "text", "plain", "plaintext", "raw", "encoded", "base64", "hash", "header", "new", "old", "current"}
    | {"previous", "confirm", "confirmation", "repeat", "default"}
    | {"prod", "production", "staging", "test", "dev", "live"}
)
"""Behind a secret's name they don't change what it is: ``password_new``, ``api_key_prod``."""
_MEASURES = frozenset(
    {"max", "min", "total", "input", "output", "prompt", "completion", "reasoning", "cached", "used", "num"}
    | {"number", "count", "per", "limit", "design"}
)
"""Before ``token`` or ``tokens`` they make an amount of it, or another thing."""

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[^\W\d_A-Za-z]+")


def _pattern(trigger: str, pattern: str, replacement: str = MASK) -> tuple[str, re.Pattern[str], str]:
    return trigger, re.compile(pattern, re.ASCII), replacement


# Each takes linear time: what repeats is possessive or bounded, and a failed match isn't begun anew inside its run.
_START, _RUN_START = r"(?<![A-Za-z0-9])", r"(?<![\w-])"
_HAS_DIGIT = r"(?=[A-Za-z_-]*+\d)"
_PATTERNS = (
    _pattern("AKIA", _START + r"AKIA[A-Z0-9]{16}(?![A-Za-z0-9])"),
    _pattern("ASIA", _START + r"ASIA[A-Z0-9]{16}(?![A-Za-z0-9])"),
    _pattern("gh", _START + r"gh[pousr]_[A-Za-z0-9]{20,}+"),
    _pattern("github_pat_", _START + r"github_pat_\w{20,}+"),
    _pattern("gl", _START + r"gl(?:pat|dt|rt|cbt|ptt|ft|imt|soat)-[\w-]{16,}+(?:\.[\w-]++)*+"),
    _pattern("xox", _START + r"xox[a-z]-[A-Za-z0-9-]{10,}+"),
    _pattern("xapp-", _START + r"xapp-[A-Za-z0-9-]{10,}+"),
    _pattern("AIza", _START + r"AIza[\w-]{30,}+"),
    _pattern(
        "sk-",
        rf"{_RUN_START}sk-(?:[A-Za-z0-9]{{20,}}+[\w-]*+|(?:ant|proj|svcacct|admin|or)-[\w-]{{16,}}+"
        rf"|{_HAS_DIGIT}[\w-]{{16,}}+)",
    ),
    _pattern("k_", _START + r"[sr]k_(?:live|test)_[A-Za-z0-9]{10,}+"),
    _pattern("whsec_", _START + r"whsec_[A-Za-z0-9+/=_-]{16,}+"),
    _pattern("npm_", _START + r"npm_[A-Za-z0-9]{20,}+"),
    _pattern("pypi-", _RUN_START + r"pypi-(?=[a-z_-]*+[A-Z0-9])[\w-]{16,}+"),
    _pattern("vcf_", rf"{_RUN_START}vcf_{_HAS_DIGIT}[\w-]{{16,}}+"),
    _pattern("eyJ", _RUN_START + r"eyJ[\w-]{8,}+\.[\w-]{8,}+(?:\.[\w-]++){0,3}+"),
    _pattern(
        "PRIVATE KEY",
        r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----"
        # A key that is cut off is hidden to the end of the text.
        r"(?:[^-]++|-(?!----END [A-Z0-9 ]{0,60}+-----))*+(?:-----END [A-Z0-9 ]{0,60}+-----)?",
    ),
    *(
        _pattern(
            trigger,
            r"((?i:\bbearer) {1,4}+)(?:[\w.~+/-]{20,}+|(?=[A-Za-z_.~+/-]*+\d)[\w.~+/-]{8,}+)=*+",
            rf"\g<1>{MASK}",
        )
        for trigger in ("earer ", "EARER ")
    ),
    _pattern(
        "://",
        # Up to the last @ of the host's part; else, in a password with a raw slash, up to the first.
        rf"(://[^\s/?#:@\[]*+:)(?!{MASK}@|\d{{1,5}}[/?#])(?:[^\s/?#]+|(?:[^\s@:]|:(?!//)){{1,100}}+)(?=@)",
        rf"\g<1>{MASK}",
    ),
)
"""What a text must have for a look to be worth while, the secret, and what replaces it."""

_SHORTEST, _REMEMBERED = 8, 256
"""No pattern fits a shorter text; up to this length texts (items, branches, links) come again and again."""


class KeyName(NamedTuple):
    """What is known of a key: how it is shown, and whether it names a secret, or secrets that can be counted."""

    shown: str
    is_secret: bool
    is_countable: bool


def mask_text(text: str) -> str:
    """The text with what looks like a well-known kind of key replaced; the same object when there is none."""
    if len(text) < _SHORTEST:
        return text
    masked = _mask_short_text(text) if len(text) <= _REMEMBERED else _mask_any_text(text)
    return text if masked == text else masked


def _mask_any_text(text: str) -> str:
    for trigger, pattern, replacement in _PATTERNS:
        if trigger in text:
            text = pattern.sub(replacement, text)
    return text


_mask_short_text = lru_cache(maxsize=4096)(_mask_any_text)


def is_secret_name(key: str) -> bool:
    """Whether a key's last words name a secret: ``dbPassword``, ``API-KEY``, ``密码``; not ``password_policy``."""
    return key_name(key).is_secret


@lru_cache(maxsize=4096)
def key_name(key: str) -> KeyName:
    """What a key says about its value."""
    words = [word.lower() for word in _WORD.findall(unicodedata.normalize("NFKC", key))]
    while len(words) > 1 and words[-1] in _QUALIFIERS:
        words.pop()
    before, last = ["", "", *words][-2:]
    is_secret = _is_secret(before, last) or _is_secret(before, last.removesuffix("s"))
    return KeyName(mask_text(key), is_secret, is_secret and last == "tokens")


def _is_secret(before: str, word: str) -> bool:
    if word == "token" and before in _MEASURES:
        return False
    if word in _SECRET_WORDS or word.endswith((*_SECRET_ENDINGS, *_SECRET_CHINESE)):
        return True
    return before in _SECRET_PAIRS.get(word, ())
