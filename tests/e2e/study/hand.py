"""Somebody at the designer whose actions are counted, by mouse or by keyboard alone.

An action is one click, one drag, one press of a key or of keys together, or one text typed (or pasted) into one field. Looking,
waiting and reading cost nothing. `docs/task-study.md` holds what came out.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from playwright.sync_api import Locator, Page, expect

from tests.e2e.pages import SAVED_MS

FIRST_PICK = ".hr-pick-item[data-index='0']"


@dataclass
class Count:
    """What one task took."""

    clicks: int = 0
    drags: int = 0
    presses: int = 0
    texts: int = 0
    letters: int = 0
    """In all the texts."""
    said: list[str] = field(default_factory=list)
    """Every action in order, for who wants to try it."""

    @property
    def actions(self) -> int:
        """All of them."""
        return self.clicks + self.drags + self.presses + self.texts


class Hand:
    """What both can do."""

    by = ""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.count = Count()

    def type(self, text: str) -> None:
        """Into the field that has the keyboard, as somebody types it."""
        self.count.texts += 1
        self.count.letters += len(text)
        self.count.said.append(f"type “{text}”")
        self.page.keyboard.type(text)

    def paste(self, text: str) -> None:
        """What a spreadsheet has put on the clipboard: Ctrl+V."""
        self.count.texts += 1
        self.count.said.append(f"paste {text.count(chr(10))} lines")
        self.page.keyboard.insert_text(text)

    def press(self, keys: str) -> None:
        """One key, or keys together."""
        self.count.presses += 1
        self.count.said.append(f"press {keys}")
        self.page.keyboard.press(keys)

    # --- what a task is made of; how, each hand knows itself ---

    def fields(self, text: str) -> None:
        """What the flow asks at its start."""
        raise NotImplementedError

    def begin(self, text: str) -> None:
        """The first steps, behind the start of the empty flow."""
        raise NotImplementedError

    def go_on(self, node: str, port: str, text: str) -> None:
        """Steps behind an exit that leads nowhere yet."""
        raise NotImplementedError

    def publish(self) -> None:
        """And it is in force."""
        raise NotImplementedError

    def table(self, title: str, rows: str) -> None:
        """A decision table from a spreadsheet, published."""
        raise NotImplementedError

    def _steps(self, text: str) -> None:
        """Into the menu that is open."""
        menu = self.page.get_by_test_id("node-menu")
        expect(menu).to_be_visible()
        self.type(text)
        first = menu.locator(FIRST_PICK)
        expect(first).to_have_attribute("data-testid", f"node-menu-item-typed:{text}")
        expect(first).to_have_attribute("aria-disabled", "false")
        self._take(first)
        expect(menu).to_have_count(0)

    def _asked(self, node: str, port: str) -> None:
        """The menu says which exit it is about; the person reads it."""
        menu = self.page.get_by_test_id("node-menu")
        expect(menu).to_have_attribute("data-about", f"{node} {port}")

    def _take(self, pick: Locator) -> None:
        raise NotImplementedError

    def _settled(self) -> None:
        """Everything is drawn, and what is wrong with it is known: the publish dialog waits for both."""
        expect(self.page.get_by_test_id("save-state")).to_have_attribute(
            "data-state", "saved", timeout=SAVED_MS
        )


class Mouse(Hand):
    """Points, presses, and types where something is to be written."""

    by = "mouse"

    def click(self, what: Locator) -> None:
        """One press of the mouse."""
        self.count.clicks += 1
        self.count.said.append(f"click {what}")
        what.click()

    def fields(self, text: str) -> None:
        """See `Hand`."""
        self.click(self.page.get_by_test_id("flow-input.typed"))
        self.type(text)
        self.press("Enter")

    def begin(self, text: str) -> None:
        """See `Hand`."""
        self.click(self.page.locator("[data-testid^=edge-plus-]").first)
        self._steps(text)

    def go_on(self, node: str, port: str, text: str) -> None:
        """See `Hand`: the button on the canvas that counts the exits that lead nowhere leads to the next of them."""
        self.click(self.page.get_by_test_id("btn-open-ends"))
        self._asked(node, port)
        self._steps(text)

    def publish(self) -> None:
        """See `Hand`."""
        self.click(self.page.get_by_test_id("btn-publish"))
        self._settled()
        self.click(self.page.get_by_test_id("btn-publish-confirm"))
        expect(self.page.get_by_test_id("publish-dialog")).to_have_count(0)

    def table(self, title: str, rows: str) -> None:
        """See `Hand`."""
        page = self.page
        self.click(page.get_by_test_id("btn-new-decision-table"))
        self.type(title)  # the name has the keyboard
        self.click(page.get_by_test_id("new-sheet"))
        self.paste(rows)
        self.click(page.get_by_test_id("btn-create"))
        self._settled()
        self.click(page.get_by_test_id("btn-publish"))
        self.click(page.get_by_test_id("btn-publish-now"))
        expect(page.get_by_test_id("publish-sheet")).to_have_count(0)

    def _take(self, pick: Locator) -> None:
        self.click(pick)


class Keys(Hand):
    """Has no mouse: every press of a key counts, each Tab too."""

    by = "keyboard"
    TABS_MAX = 60

    def fields(self, text: str) -> None:
        """See `Hand`."""
        self.press("f")
        self._at("flow-input.typed")
        self.type(text)
        self.press("Enter")  # and back to the drawing

    def begin(self, text: str) -> None:
        """See `Hand`."""
        self.press("a")
        self._steps(text)

    def go_on(self, node: str, port: str, text: str) -> None:
        """See `Hand`: `O` leads to the next open exit, which must be the one that is meant."""
        self.press("o")
        self._asked(node, port)
        self._steps(text)

    def publish(self) -> None:
        """See `Hand`."""
        self.press("p")
        expect(self.page.get_by_test_id("publish-dialog")).to_be_visible()
        self._settled()
        expect(self.page.get_by_test_id("btn-publish-confirm")).to_be_enabled()
        self.press("Control+Enter")
        expect(self.page.get_by_test_id("publish-dialog")).to_have_count(0)

    def table(self, title: str, rows: str) -> None:
        """See `Hand`."""
        self.tab("btn-new-decision-table")
        self.press("Enter")
        self._at("new-title")
        self.type(title)
        self.tab("new-sheet")
        self.paste(rows)
        self.press("Control+Enter")
        expect(self.page.get_by_test_id("save-state")).to_be_visible()
        self._settled()
        self.tab("btn-publish")
        self.press("Enter")
        self.tab("btn-publish-now")
        self.press("Enter")
        expect(self.page.get_by_test_id("publish-sheet")).to_have_count(0)

    def tab(self, test_id: str) -> None:
        """As often as it takes."""
        expect(self.page.get_by_test_id(test_id)).to_be_visible()
        for _ in range(self.TABS_MAX):
            if self._here() == test_id:
                return
            self.press("Tab")
        raise AssertionError(f"Expected Tab to reach {test_id}, but it is at {self._here()!r}.")

    def _at(self, test_id: str) -> None:
        self.page.wait_for_function(
            "id => document.activeElement?.closest('[data-testid]')?.dataset.testid === id",
            arg=test_id,
        )

    def _here(self) -> str:
        found: str = self.page.evaluate(
            "document.activeElement?.closest('[data-testid]')?.dataset.testid ?? ''"
        )
        return found

    def _take(self, pick: Locator) -> None:
        self.press("Enter")
