// @vitest-environment jsdom
import { afterEach, expect, test } from "vitest";
import { SHEET, step, whereIs, wishOf } from "./keys";

afterEach(() => {
  document.body.innerHTML = "";
});

test("letters mean the same in small and large", () => {
  expect(wishOf({ key: "a" }, "page")).toBe("approved");
  expect(wishOf({ key: "A" }, "page")).toBe("approved");
});

test("who types is left alone, but may leave with Escape", () => {
  expect(wishOf({ key: "a" }, "typing")).toBeNull();
  expect(wishOf({ key: "?" }, "typing")).toBeNull();
  expect(wishOf({ key: "Escape" }, "typing")).toBe("leave");
});

test("a dialog has the keys for itself, and the browser its own", () => {
  expect(wishOf({ key: "r" }, "dialog")).toBeNull();
  expect(wishOf({ key: "r", ctrlKey: true }, "page")).toBeNull();
  expect(wishOf({ key: "c", metaKey: true }, "page")).toBeNull();
});

test("on a button Enter is the button's, so that the key of a decision and Enter decide", () => {
  expect(wishOf({ key: "Enter" }, "control")).toBeNull();
  expect(wishOf({ key: "j" }, "control")).toBe("next");
});

test("names of objects' own parts are no keys", () => {
  expect(wishOf({ key: "constructor" }, "page")).toBeNull();
});

test("where the keys go is seen in the page", () => {
  document.body.innerHTML = "<button><i></i></button><textarea></textarea><p></p>";

  expect(whereIs(document.querySelector("i"))).toBe("control");
  expect(whereIs(document.querySelector("textarea"))).toBe("typing");
  expect(whereIs(document.querySelector("p"))).toBe("page");
  document.body.append(Object.assign(document.createElement("dialog"), { open: true }));
  expect(whereIs(document.querySelector("p"))).toBe("dialog");
});

test("one goes along the list, and begins at its head", () => {
  const rows = [{ id: "a" }, { id: "b" }];

  expect(step(rows, undefined, 1)?.id).toBe("a");
  expect(step(rows, "a", 1)?.id).toBe("b");
  expect(step(rows, "b", 1)).toBeUndefined();
  expect(step(rows, "b", -1)?.id).toBe("a");
});

test("the sheet names each wish once", () => {
  expect(new Set(SHEET.map(([wish]) => wish)).size).toBe(SHEET.length);
});
