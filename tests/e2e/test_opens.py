"""The first thing anyone sees: the page opens, with nothing fetched from elsewhere."""

import re

from playwright.sync_api import Page, expect


def test_the_front_page_opens(page: Page) -> None:
    page.goto("/")

    expect(page).to_have_title(re.compile("Headrace"))
    expect(page.locator("#root > *").first).to_be_visible()
