import { expect, test } from "vitest";
import { countOf, filtersOf, paramsOf, placeOf } from "./boxes";

test("an address names a box, a task in it, or a task alone", () => {
  expect(placeOf(undefined, undefined)).toEqual({ box: "todo" });
  expect(placeOf("done", undefined)).toEqual({ box: "done" });
  expect(placeOf("cc", "01A.3")).toEqual({ box: "cc", id: "01A.3" });
  expect(placeOf("01A.3", undefined)).toEqual({ box: "todo", id: "01A.3" });
});

test("what waits is sorted by its due time, the rest by age, unless one says otherwise", () => {
  const none = new URLSearchParams();

  expect(filtersOf(none, "todo").sort).toBe("due");
  expect(filtersOf(none, "done").sort).toBe("new");
  expect(filtersOf(new URLSearchParams("sort=new"), "todo").sort).toBe("new");
  expect(filtersOf(new URLSearchParams("sort=backwards"), "todo").sort).toBe("due");
});

test("filters come back from the address they went into", () => {
  const filters = { search: "TB 1%", flow: "refund", late: true, sort: "new" as const };

  expect(filtersOf(paramsOf(filters, "todo"), "todo")).toEqual(filters);
  expect(countOf(filters, "todo")).toBe(3);
});

test("what is as usual does not lengthen the address", () => {
  expect(`${paramsOf(filtersOf(new URLSearchParams(), "todo"), "todo")}`).toBe("");
});
