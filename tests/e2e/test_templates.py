"""Templates at the screen: one's own flows packed, brought as another template, installed with things mapped, and removed."""

from __future__ import annotations

import io
import json
import re
import zipfile
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.e2e.pages import OPEN_OPTIONS, SAVED_MS, api, session_of


def test_own_flows_are_packed_brought_mapped_installed_and_removed(
    page: Page, tmp_path: Path
) -> None:
    session_of(page.context, "dora")
    page.goto("/templates")
    page.get_by_test_id("btn-pack").click()
    page.get_by_test_id("pack-name").fill("Refunds of ours")
    page.get_by_test_id("pack-key").fill("our-refunds")
    page.get_by_test_id("pack-flows").click()
    page.keyboard.type("Refund approval")
    page.locator(OPEN_OPTIONS).first.click()
    page.get_by_test_id("pack-name").click()
    expect(page.get_by_test_id("pack")).to_contain_text("refund_cases")
    with page.expect_download() as downloading:
        page.get_by_test_id("btn-pack-save").click()
    file = tmp_path / "own.zip"
    downloading.value.save_as(file)

    page.get_by_test_id("template-file").set_input_files(another(file))
    expect(page).to_have_url(re.compile("/templates/our-refunds$"))
    page.get_by_test_id("btn-install").click()
    page.get_by_test_id("btn-wizard-next").click()
    page.get_by_test_id("map-tables-other_cases").click()
    page.keyboard.type("Refund cases")
    page.locator(OPEN_OPTIONS).filter(has_text="Refund cases").first.click()
    page.get_by_test_id("btn-wizard-next").click()
    expect(page.get_by_test_id("wizard-plan")).to_contain_text("yours is used")
    page.get_by_test_id("btn-wizard-next").click()
    expect(page.get_by_test_id("wizard-next")).to_be_visible(timeout=SAVED_MS)
    page.get_by_test_id("btn-wizard-close").click()

    page.get_by_test_id("btn-template-remove").click()
    expect(page.get_by_test_id("removal")).to_contain_text("our-refund-approval")
    page.get_by_test_id("btn-remove-now").click()
    expect(page.get_by_test_id("btn-template-remove")).to_have_count(0, timeout=SAVED_MS)
    assert page.request.get("/api/flows/our-refund-approval").status == 404
    assert page.request.get("/api/tables/refund_cases").ok
    page.request.delete("/api/templates/our-refunds")


def test_a_templates_sources_may_be_ones_own_or_wait_to_be_switched_on(page: Page) -> None:
    headers = session_of(page.context, "admin")
    page.request.post("/api/templates/home-hub/remove", headers=headers, data={})
    page.goto("/templates/home-hub")
    page.get_by_test_id("btn-install").click()
    expect(page.get_by_test_id("wizard")).to_contain_text("Home shop at Taobao — switch it on")
    page.get_by_test_id("btn-wizard-next").click()
    page.get_by_test_id("map-sources-home-taobao").click()
    page.locator(OPEN_OPTIONS).filter(has_text="Tmall flagship store").first.click()
    page.get_by_test_id("btn-wizard-next").click()
    expect(page.get_by_test_id("wizard-plan")).to_contain_text("→ tmall-flagship")
    page.get_by_test_id("btn-wizard-next").click()
    expect(page.get_by_test_id("next-sources")).to_be_visible(timeout=SAVED_MS)
    page.get_by_test_id("btn-wizard-close").click()

    assert page.request.get("/api/sources/home-taobao").status == 404
    assert api(page.context, "/api/sources/home-doudian")["enabled"] is False
    page.get_by_test_id("btn-template-remove").click()
    stays = page.get_by_test_id("removal")
    expect(stays).to_contain_text("tmall-flagship — it was there before")
    expect(stays).to_contain_text("home-doudian")


def another(file: Path) -> Path:
    """The same file with a flow and a table of other names: as if it came from elsewhere."""
    out = io.BytesIO()
    with zipfile.ZipFile(file) as packed, zipfile.ZipFile(out, "w") as made:
        for name in packed.namelist():
            text = packed.read(name).decode()
            renamed = name.replace("/refund-approval", "/our-refund-approval")
            text = text.replace('"refund-approval', '"our-refund-approval')
            text = text.replace("refund_cases", "other_cases")
            made.writestr(renamed.replace("refund_cases", "other_cases"), text)
    made_at = file.with_name("another.zip")
    made_at.write_bytes(out.getvalue())
    with zipfile.ZipFile(made_at) as checked:
        assert json.loads(checked.read("template.json"))["key"] == "our-refunds"
    return made_at
