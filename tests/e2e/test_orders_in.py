"""Orders at the screens: a file handed in by a person, and the strip that tells of a rush."""

from playwright.sync_api import Page, expect

from tests.e2e.pages import api, session_of

HEAD = "订单号,状态,下单时间,实付,收货人,商品编码,数量"
LINE = "{no},{state},2026-01-09 10:00,12.50,王芳,HW-1,2"


def test_a_file_is_looked_at_line_by_line_and_taken_in(page: Page) -> None:
    headers = session_of(page.context, "admin")
    source = {
        "key": "by-file", "title": {"en": "By file"}, "channel": "other", "ways": {"file": {}}, "order_table": "file_orders",
    }  # fmt: skip
    assert page.context.request.post("/api/sources", headers=headers, data=source).ok
    lines = [LINE.format(no=f"F-{n}", state="???" if n == 3 else "paid") for n in range(4)]
    sheet = "\n".join([HEAD, *lines]).encode("gbk")

    page.goto("/sources/at/by-file")
    page.get_by_test_id("btn-file").click()
    page.get_by_test_id("import-file").set_input_files(
        {"name": "orders.csv", "mimeType": "text/csv", "buffer": sheet}
    )
    page.get_by_test_id("btn-import-preview").click()
    expect(page.get_by_role("dialog")).to_contain_text("???")
    expect(page.get_by_test_id("btn-import-apply")).to_be_disabled()
    page.get_by_test_id("import-sheet").press("Escape")

    good = "\n".join([HEAD, *lines[:3]]).encode("gbk")
    page.get_by_test_id("btn-file").click()
    page.get_by_test_id("import-file").set_input_files(
        {"name": "orders.csv", "mimeType": "text/csv", "buffer": good}
    )
    page.get_by_test_id("btn-import-preview").click()
    page.get_by_test_id("btn-import-apply").click()
    expect(page.get_by_test_id("btn-import-close")).to_be_enabled()
    page.get_by_test_id("btn-import-close").click()

    totals = api(page.context, '/api/tables/file_orders/totals?group_by=[{"field":"status_code"}]')
    assert [(one["status_code"], one["count"]) for one in totals["groups"]] == [("paid", 3)]
    page.goto("/sources")
    expect(page.get_by_test_id("rush")).to_be_visible()
