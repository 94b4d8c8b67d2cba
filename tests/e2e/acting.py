"""A person's hands on the page of a session: what is opened, filled in and sent."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

from tests.e2e.browsing import Browsing

SESSION = "/admin/sessions_app/flowsession/{}/change/"


class SessionHands:
    """Works on the session whose page is open."""

    def __init__(self, browsing: Browsing) -> None:
        self.page: Page = browsing.page

    @property
    def itself(self) -> Locator:
        """What can be done to the session as a whole."""
        return self.page.locator("#session header .vc-acts")

    def stage(self, name: str) -> Locator:
        """A stage of the rail, opened."""
        found = self.page.locator(".vc-rail > li").filter(
            has=self.page.locator("summary .vc-stage-name", has_text=name)
        )
        details = found.locator("> details")
        if details.get_attribute("open") is None:
            details.locator("> summary").click()
        return found

    def opened(self, where: Locator, title: str) -> Locator:
        """The form behind the button of that name, on the page or on one of its own."""
        link = where.get_by_role("link", name=f"{title}…", exact=True)
        if link.count():
            link.click()
            return self.page.locator(".vc-form")
        act = where.locator("details.vc-act").filter(has=self.page.locator("> summary", has_text=_exactly(f"{title}…")))
        if act.get_attribute("open") is None:
            act.locator("> summary").click()
        return act.locator("form")

    def do(self, where: Locator, title: str, **answers: str) -> None:
        """Open, fill in (``reason="…"``, by the fields' names) and send; ``title`` is what the button says."""
        form = self.opened(where, title)
        for name, answer in answers.items():
            fill(form.locator(f"[name='{name}']"), answer)
        form.get_by_role("button", name=title, exact=True).click()

    def tick(self, stage: str, item: str) -> None:
        """Tick an item, and see it ticked."""
        self.stage(stage).get_by_role("button", name=re.compile(item)).click()
        expect(self.stage(stage).get_by_role("button", name=re.compile(item))).to_have_attribute("aria-pressed", "true")

    def sees(self, state: str) -> None:
        """The session is in that state, says its page."""
        expect(self.page.locator("#session h1 .vc-state")).to_contain_text(state)

    def sees_stage(self, name: str, state: str) -> None:
        """The stage is in that state, says the rail."""
        found = self.page.locator(".vc-rail > li").filter(
            has=self.page.locator("summary .vc-stage-name", has_text=name)
        )
        expect(found.locator("> details > summary .vc-state")).to_contain_text(state)

    def is_told(self, text: str) -> None:
        """A message says so."""
        expect(self.page.locator(".messagelist")).to_contain_text(text)


def fill(field: Locator, answer: str) -> None:
    """Answer a question of a form, whatever kind it is."""
    kind = field.evaluate("node => node.type")
    if kind == "checkbox":
        field.check()
    elif kind == "select-one":
        field.select_option(answer)
    else:
        field.fill(answer)


def _exactly(text: str) -> re.Pattern[str]:
    return re.compile(rf"^\s*{re.escape(text)}\s*$")
