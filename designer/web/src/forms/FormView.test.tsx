import { cleanup, render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { useState } from "react";
import { afterEach, expect, test, vi } from "vitest";
import type { JsonSchema } from "../schema";
import type { JsonObject } from "../ui/form/kinds";
import type { FormProblem } from "../ui/form/validate";
import { FormView } from "./FormView";
import { asksFor, readyToSend, type ShownForm } from "./form";

afterEach(cleanup);

const MONEY: JsonSchema = { type: "string", format: "money" };

const ORDER: JsonSchema = {
  type: "object",
  required: ["reason", "lines"],
  properties: {
    reason: { type: "string", minLength: 2 },
    kind: { type: "string", enum: ["money", "goods"] },
    account: { type: "string", "x-when": { kind: ["money"] } },
    phone: { type: "string", pattern: "^1[0-9]{10}$", "x-mask": "phone" },
    lines: {
      type: "array",
      "x-widget": "lines",
      maxItems: 3,
      items: {
        type: "object",
        required: ["price"],
        properties: {
          price: MONEY,
          quantity: { type: "integer", minimum: 1 },
          amount: { ...MONEY, "x-compute": "price * quantity", "x-total": true },
        },
      },
    },
    total: { ...MONEY, "x-compute": 'sum(pluck(lines, "amount"))', "x-currency": "CNY" },
  },
};

test("amounts of rows and the total follow what is typed, exact to the cent", async () => {
  show({ schema: ORDER });

  await userEvent.click(screen.getByTestId("add-lines"));
  await userEvent.type(screen.getByTestId("field-lines.0.price"), "0.1");
  await userEvent.type(screen.getByTestId("field-lines.0.quantity"), "3");

  expect(screen.getByTestId("read-lines.0.amount").textContent).toBe("0.30");
  expect(screen.getByTestId("read-total").textContent).toContain("¥0.30");
  expect(screen.getByTestId("total-amount").textContent).toBe("0.30");
});

test("a field that is only asked in one case comes and goes", async () => {
  show({ schema: ORDER });
  expect(screen.queryByTestId("field-account")).toBeNull();

  await userEvent.click(screen.getByTestId("field-kind-money"));

  expect(screen.getByTestId("field-account")).toBeTruthy();
});

test("what may only be read is text, and what is hidden is not there", () => {
  const rights = { reason: "read", kind: "hidden", lines: "read" } as const;
  show({ schema: ORDER, rights }, { reason: "坏了", lines: [{ price: "2.00", quantity: 2 }] });

  expect(screen.getByTestId("read-reason").textContent).toContain("坏了");
  expect(screen.queryByTestId("field-kind")).toBeNull();
  expect(screen.queryByTestId("add-lines")).toBeNull();
  expect(screen.getByTestId("read-lines.0.amount").textContent).toBe("4.00");
});

test("what is seldom wanted is folded, unless it is needed or wrong", () => {
  const properties: JsonSchema["properties"] = {
    reason: { type: "string" },
    note: { type: "string", "x-advanced": true },
    code: { type: "string", "x-advanced": true },
  };
  const fold = () => document.querySelector<HTMLDetailsElement>("details.hr-form-advanced");
  show({ schema: { type: "object", required: ["code"], properties } });
  expect(fold()?.contains(screen.getByTestId("field-note"))).toBe(true);
  expect(fold()?.contains(screen.getByTestId("field-code"))).toBe(false);
  expect(fold()?.open).toBe(false);
  cleanup();

  const problem = { path: "/note", code: "too_long", params: {}, message: "" } as FormProblem;
  render(
    <FormView
      form={{ schema: { type: "object", properties } }}
      value={{}}
      onChange={vi.fn()}
      problems={[problem]}
    />,
  );
  expect(fold()?.open).toBe(true);
});

test("a form that is only read asks for nothing", () => {
  expect(asksFor({ schema: ORDER })).toBe(true);
  expect(asksFor({ schema: { ...ORDER, "x-others": "read" } })).toBe(false);
  expect(
    asksFor({ schema: { ...ORDER, "x-others": "read" }, rights: { reason: "required" } }),
  ).toBe(true);
});

test("a part of a sheet can be pasted into the rows", async () => {
  const changed = show({ schema: ORDER }, { lines: [{}] });

  await userEvent.click(screen.getByTestId("field-lines.0.price"));
  await userEvent.paste("1,200.50\t2\n3\t4\n");

  expect(changed.mock.lastCall?.[0].lines).toEqual([
    { price: "1200.50", quantity: 2, amount: "2401.00" },
    { price: "3", quantity: 4, amount: "12.00" },
  ]);
});

test("no more rows than the form allows", async () => {
  show({ schema: ORDER }, { lines: [{}, {}] });

  await userEvent.click(screen.getByTestId("add-lines"));

  expect(screen.queryByTestId("add-lines")).toBeNull();
});

test("a problem in a row stands in its cell", () => {
  show({ schema: ORDER }, { lines: [{}] }, [{ path: "/lines/0/price", code: "required" }]);

  expect(screen.getByTestId("field-lines.0.price").getAttribute("aria-invalid")).toBe("true");
  expect(screen.getByTestId("error-lines.0.price")).toBeTruthy();
});

test("only what may be changed is sent", () => {
  const form: ShownForm = {
    schema: ORDER,
    rights: { reason: "read", phone: "edit" },
    masked: ["phone"],
    value: { phone: "138****1234" },
  };

  const ready = readyToSend(form, {
    reason: "坏了",
    phone: "138****1234",
    kind: "goods",
    account: "left over",
    lines: [{ price: "1.00", quantity: 1 }],
    total: "99.00",
  });

  expect(ready.problems).toEqual([]);
  expect(ready.value).toEqual({
    kind: "goods",
    lines: [{ price: "1.00", quantity: 1, amount: "1.00" }],
  });
});

test("a new value for a field with stars is sent and checked", () => {
  const form: ShownForm = { schema: ORDER, masked: ["phone"], value: { phone: "138****1234" } };

  const ready = readyToSend(form, { reason: "坏了", lines: [{ price: "1" }], phone: "12" });

  expect(ready.problems.map(({ path, code }) => [path, code])).toEqual([["/phone", "pattern"]]);
});

test("a refusal may leave empty what only a yes needs", () => {
  expect(readyToSend({ schema: ORDER }, {}, { partly: true }).problems).toEqual([]);
  expect(readyToSend({ schema: ORDER }, {}).problems.map(({ path }) => path)).toEqual([
    "/reason",
    "/lines",
  ]);
});

function show(form: ShownForm, start: JsonObject = {}, problems: FormProblem[] = []) {
  const changed = vi.fn();
  function Frame() {
    const [value, setValue] = useState(start);
    const change = (next: JsonObject) => {
      changed(next);
      setValue(next);
    };
    return <FormView form={form} value={value} onChange={change} problems={problems} />;
  }
  render(<Frame />);
  return changed;
}
