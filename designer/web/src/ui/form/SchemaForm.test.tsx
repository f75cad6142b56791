import { cleanup, render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { useState } from "react";
import { afterEach, expect, test, vi } from "vitest";
import type { JsonSchema } from "../../schema";
import type { JsonObject } from "./kinds";
import { SchemaForm } from "./SchemaForm";
import type { FormProblem } from "./validate";

afterEach(cleanup);

test("nothing is chosen for the person", () => {
  show({
    properties: {
      decision: { type: "string", enum: ["approve", "reject"], default: "approve" },
      urgent: { type: "boolean" },
    },
  });

  const radios = screen.getAllByRole("radio");
  expect(radios).toHaveLength(4);
  expect(radios.every((radio) => !(radio as HTMLInputElement).checked)).toBe(true);
});

test("an amount stays exact text, whatever the keyboard types", async () => {
  const changed = show({ properties: { amount: { type: "string", format: "money" } } });

  await userEvent.type(screen.getByTestId("field-amount"), "１，299．50");

  expect(changed).toHaveBeenLastCalledWith({ amount: "1299.50" });
});

test("a number is a number, and half a number does not vanish while it is typed", async () => {
  const changed = show({ properties: { weight: { type: "number" } } });

  await userEvent.type(screen.getByTestId("field-weight"), "1.05");

  expect(changed).toHaveBeenLastCalledWith({ weight: 1.05 });
  expect((screen.getByTestId("field-weight") as HTMLInputElement).value).toBe("1.05");
});

test("a field that is emptied is taken out", async () => {
  const changed = show({ properties: { reason: { type: "string" } } }, { reason: "x" });

  await userEvent.clear(screen.getByTestId("field-reason"));

  expect(changed).toHaveBeenLastCalledWith({});
});

test("a problem stands at its field, and the field says so to a screen reader", () => {
  show({ properties: { reason: { type: "string" } } }, {}, [
    { path: "/reason", code: "required", message: "Fill it in." },
  ]);

  const field = screen.getByTestId("field-reason");
  expect(field.getAttribute("aria-invalid")).toBe("true");
  expect(document.getElementById(field.getAttribute("aria-describedby") ?? "")?.textContent).toBe(
    "Fill it in.",
  );
});

test("a list of records can be filled in and shortened", async () => {
  const changed = show({
    properties: {
      goods: { type: "array", items: { type: "object", properties: { sku: { type: "string" } } } },
    },
  });

  await userEvent.click(screen.getByTestId("add-goods"));
  await userEvent.type(screen.getByTestId("field-sku"), "A1");

  expect(changed).toHaveBeenLastCalledWith({ goods: [{ sku: "A1" }] });
});

function show(schema: JsonSchema, start: JsonObject = {}, problems: FormProblem[] = []) {
  const changed = vi.fn();
  function Frame() {
    const [value, setValue] = useState(start);
    const change = (next: JsonObject) => {
      changed(next);
      setValue(next);
    };
    return <SchemaForm schema={schema} value={value} onChange={change} problems={problems} />;
  }
  render(<Frame />);
  return changed;
}
