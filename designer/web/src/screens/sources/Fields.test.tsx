import { cleanup, render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { useState } from "react";
import { afterEach, expect, test } from "vitest";
import { DurationControl } from "./Fields";

afterEach(cleanup);

function Field({ start }: { start: string | undefined }) {
  const [value, setValue] = useState<unknown>(start);
  return (
    <>
      <DurationControl
        kind="duration"
        id="f"
        described=""
        wrong={false}
        name="every"
        schema={{}}
        required={false}
        value={value}
        onChange={setValue}
        problems={[]}
        disabled={false}
        path="/every"
      />
      <output>{String(value)}</output>
    </>
  );
}

const said = () => screen.getByRole("status").textContent;

test("an interval is a number and a unit", async () => {
  render(<Field start="PT15M" />);
  const count = screen.getByTestId<HTMLInputElement>("field-every");
  expect(count.value).toBe("15");
  await userEvent.selectOptions(screen.getByTestId("field-every-unit"), "H");
  await userEvent.clear(count);
  expect(said()).toBe("undefined");
  await userEvent.type(count, "３０");
  expect(said()).toBe("PT30H"); // the unit stays while the number is typed anew
  await userEvent.selectOptions(screen.getByTestId("field-every-unit"), "S");
  expect(said()).toBe("PT30S");
});

test.each([
  ["PT1H30M", "90", "M"],
  ["P1DT12H", "36", "H"],
  ["P1W", "7", "D"],
])("%s is told in one unit", (start, count, unit) => {
  render(<Field start={start} />);
  expect(screen.getByTestId<HTMLInputElement>("field-every").value).toBe(count);
  expect(screen.getByTestId<HTMLSelectElement>("field-every-unit").value).toBe(unit);
});
