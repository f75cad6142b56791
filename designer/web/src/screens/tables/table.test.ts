import { describe, expect, it } from "vitest";
import { fromTyped, nameFor, opsOf, type Row, shownFields, shownValue, typedValue } from "./table";

const row = (value: Record<string, unknown>): Row => ({
  id: 1,
  key: "k",
  title: "k",
  rev: 1,
  value,
  references: { buyer: "张三" },
  instance_id: null,
  created_at: "2026-01-09T00:00:00.000Z",
  updated_at: "2026-01-09T00:00:00.000Z",
});

describe("values", () => {
  it("shows money with its digits, choices by their titles, references by their names", () => {
    const money = { name: "a", kind: "money" as const };
    expect(shownValue(money, row({ a: 1234.5 }), "en")).toBe("1,234.50");
    const state = {
      name: "a",
      kind: "enum" as const,
      options: [{ value: "p", title: { zh: "已付款", en: "Paid" } }],
    };
    expect(shownValue(state, row({ a: "p" }), "zh")).toBe("已付款");
    expect(shownValue(state, row({ a: "odd" }), "zh")).toBe("odd");
    expect(shownValue({ name: "buyer", kind: "reference" }, row({ buyer: "b1" }), "zh")).toBe(
      "张三",
    );
  });

  it("takes what was typed back as it was", () => {
    const moment = { name: "a", kind: "date_time" as const };
    const at = "2026-01-09T08:30:00.000Z";
    expect(fromTyped(moment, typedValue(moment, at))).toBe(at);
    expect(fromTyped({ name: "a", kind: "text" }, "  ")).toBeNull();
    expect(fromTyped({ name: "a", kind: "yes_no" }, "false")).toBe(false);
    expect(typedValue({ name: "a", kind: "list" }, ["x", "y"])).toBe("x; y");
  });
});

describe("fields", () => {
  it("shows what most records have where nobody has drawn a field", () => {
    const rows = [row({ a: 1, b: { c: 1 } }), row({ a: 2, d: "x" }), row({ a: 3, d: "y" })];
    expect(shownFields({ title: {}, fields: [] }, rows).map((field) => field.name)).toEqual([
      "a",
      "d",
    ]);
  });

  it("names a field after its title, never twice", () => {
    expect(nameFor("Order No.", [])).toBe("order_no");
    expect(nameFor("订单号", ["field"])).toBe("field_2");
    expect(nameFor("2nd Line", [])).toBe("nd_line");
  });

  it("compares numbers by size and choices by membership", () => {
    expect(opsOf("money")).toContain(">=");
    expect(opsOf("enum")[0]).toBe("in");
    expect(opsOf("text")).not.toContain(">=");
  });
});
