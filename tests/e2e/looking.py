"""What is wrong with the page that a browser shows: each look answers with what it found, best with nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import axe_playwright_python
from playwright.sync_api import CDPSession, Page

MOST_WEIGHT = 150 * 1024
"""Bytes of a page with everything that it needs, as they come over the wire."""

SERIOUS = ("serious", "critical")

# What may stand in a Chinese page as it is: names of things and people, keys, ids, and what people wrote.
SAME_IN_CHINESE = (
    r"^(([\W\d_]|\b(vcflow|English|API|URL|ID|JSON|YAML|CSV|HTTP|webhooks?|GitHub|SHA|p50|p90|UTC|v\d+|builtin"
    r"|cli|api|python|admin|lin|mei|wang|chen|local|viewer|stranger|shop|dev|docs|odd|research|design)\b)*"
    r"|[a-z]+(-[a-z0-9]+)+|[a-z]+(\.[a-z*]+)+|[A-Z_]+|.*<script>.*|development|others|(.*\()?(wh|vcf)_\w+\b.*"
    r"|Team board|Checkout with saved cards"
    r"|After you’ve created a user.*)$"  # Django's own, which has no Chinese
)

_HELPERS = """
const isShown = node => node.checkVisibility({visibilityProperty: true, opacityProperty: true})
    && node.getBoundingClientRect().width > 1;
const told = node => `${node.tagName.toLowerCase()}.${[...node.classList].join(".")}#${node.id} `
    + `"${(node.innerText || node.value || "").trim().replace(/\\s+/g, " ").slice(0, 60)}"`;
"""

_CUT_OFF = """
() => {
    const found = [], beyond = new Set();
    const wide = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth > wide)
        found.push(`the page is ${document.documentElement.scrollWidth} wide`);
    for (const node of document.body.querySelectorAll("*")) {
        if (!isShown(node) || node.closest("svg, select, input")) continue;
        const style = getComputedStyle(node);
        const isHidden = ["hidden", "clip"].includes(style.overflowX);
        if (isHidden && node.scrollWidth > node.clientWidth + 1 && !(node.closest("table") && node.matches(".told")))
            found.push(`cut off: ${told(node)}`);
        const holder = node.closest(".vc-scroll, .results, pre, textarea");
        const box = node.getBoundingClientRect();
        const isBeyond = box.right > wide + 1 || box.left < -1;
        if (!holder && isBeyond && style.position !== "absolute" && !beyond.has(node.parentNode))
            found.push(`beyond the edge: ${told(node)}`);
        if (isBeyond) beyond.add(node);
    }
    for (const text of document.querySelectorAll("svg text")) {
        const frame = text.ownerSVGElement.getBoundingClientRect(), box = text.getBoundingClientRect();
        if (isShown(text) && (box.right > frame.right + 2 || box.left < frame.left - 2))
            found.push(`cut off in a picture: "${text.textContent}"`);
    }
    return found;
}
"""

_FRAME = """
lang => {
    const found = [];
    const heads = [...document.querySelectorAll("h1")].filter(isShown);
    if (heads.length !== 1) found.push(`${heads.length} h1`);
    if (document.documentElement.lang.toLowerCase() !== lang) found.push(`lang is ${document.documentElement.lang}`);
    for (const node of document.querySelectorAll("[style], style, [onclick], [onchange], [onsubmit]"))
        found.push(`inline: ${told(node)}`);
    const ids = [...document.querySelectorAll("[id]")].map(node => node.id);
    for (const id of new Set(ids.filter((id, place) => ids.indexOf(id) !== place))) found.push(`twice: #${id}`);
    return found;
}
"""

_ENGLISH = """
pattern => {
    const isData = new RegExp(pattern, "i");
    const data = ".told, .vc-tree, code, pre, [lang=en], time, option, a[href*='/change/'], .breadcrumbs";
    const words = node => {
        const copy = node.cloneNode(true);
        copy.querySelectorAll(data).forEach(each => each.remove());
        return copy.textContent.trim().replace(/\\s+/g, " ");
    };
    return [...document.querySelectorAll(
        "h1, h2, h3, h4, button, label, th, summary, legend, dt, caption, .vc-muted, .vc-empty, a.button, nav a, p, li"
    )].filter(node => isShown(node) && !node.closest(data) && !node.querySelector("h2, li, p, dt, label, form"))
        .filter(node => words(node).length > 1 && !/[\\u4e00-\\u9fff]/.test(words(node)))
        .filter(node => !isData.test(words(node)))
        .map(node => `not translated: ${told(node)}`);
}
"""

_KEYBOARD = """
() => {
    const found = [];
    const reached = [...document.querySelectorAll(
        "a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex]"
    )].filter(node => isShown(node) && !node.disabled);
    for (const node of reached) {
        if (node.tabIndex > 0) found.push(`out of order: ${told(node)}`);
        if (node.tabIndex < 0) continue;
        node.focus({preventScroll: true});
        if (document.activeElement !== node) { found.push(`takes no focus: ${told(node)}`); continue; }
        const style = getComputedStyle(node);
        const isOutlined = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0;
        const isDrawn = node.ownerSVGElement && [...node.children].some(
            part => parseFloat(getComputedStyle(part).strokeWidth) > 3);
        if (!isOutlined && !isDrawn && style.boxShadow === "none") found.push(`focus isn't seen: ${told(node)}`);
    }
    document.activeElement.blur();
    window.scrollTo(0, 0);
    return found;
}
"""


def cut_off(page: Page) -> list[str]:
    """What doesn't fit."""
    return _asked(page, _CUT_OFF)


def badly_framed(page: Page, lang: str) -> list[str]:
    """Headings, language, inline styles, ids that stand there twice."""
    return _asked(page, _FRAME, lang)


def english(page: Page) -> list[str]:
    """Texts of ours that a Chinese page says in English."""
    return _asked(page, _ENGLISH, SAME_IN_CHINESE)


def unreachable(page: Page) -> list[str]:
    """What the keyboard doesn't reach, or reaches unseen."""
    page.keyboard.press("Tab")  # from now on focus is shown as to somebody who uses the keyboard
    return _asked(page, _KEYBOARD)


def inaccessible(page: Page) -> list[str]:
    """What axe-core finds that is serious."""
    page.evaluate(_axe())
    return _seen_by_axe(page, {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]})


def badly_coloured(page: Page) -> list[str]:
    """The same of colours alone, for another theme of a page that :func:`inaccessible` has seen."""
    return _seen_by_axe(page, {"type": "rule", "values": ["color-contrast", "link-in-text-block"]})


def _seen_by_axe(page: Page, rules: dict[str, Any]) -> list[str]:
    page.evaluate("document.getAnimations().forEach(each => each.finish())")  # colours on their way to others
    # Without "preload", which writes a stylesheet into the page.
    options = {
        "preload": False,
        "resultTypes": ["violations"],
        "runOnly": rules,
    }
    found = page.evaluate("options => axe.run(document, options).then(answer => answer.violations)", options)
    return [_told(violation) for violation in found if violation["impact"] in SERIOUS]


@contextmanager
def weighed(page: Page) -> Iterator[list[float]]:
    """The bytes of each answer that the page gets, with nothing of it known before."""
    sizes: list[float] = []
    wire: CDPSession = page.context.new_cdp_session(page)
    wire.send("Network.enable")
    wire.send("Network.setCacheDisabled", {"cacheDisabled": True})
    wire.on("Network.loadingFinished", lambda answer: sizes.append(answer["encodedDataLength"]))
    yield sizes
    wire.detach()


def _told(violation: dict[str, Any]) -> str:
    nodes = [f"{node['target'][0]} ({_why(node)})" for node in violation["nodes"][:3]]
    return f"{violation['id']}: {'; '.join(nodes)}"


def _why(node: dict[str, Any]) -> str:
    checks = [*node["any"], *node["all"], *node["none"]]
    return json.dumps(checks[0]["message"])[:160] if checks else ""


@cache
def _axe() -> str:
    folder = Path(axe_playwright_python.__file__).parent
    return (folder / "axe.min.js").read_text(encoding="utf-8")


def _asked(page: Page, script: str, *arguments: Any) -> list[str]:
    found: list[str] = page.evaluate(f"argument => {{ {_HELPERS} return ({script})(argument); }}", *arguments)
    return found
