// Every screen is found by being there, and says enough to be shown.

import { expect, test } from "vitest";
import { screens } from "./app";
import { navItems } from "./shell/Shell";

test("every screen has an address of its own", () => {
  const paths = screens.map((screen) => screen.path);

  expect(new Set(paths).size).toBe(paths.length);
  expect(paths.every((path) => path.startsWith("/"))).toBe(true);
});

test("nobody is shown a way to a screen they may not open", () => {
  const nothing = navItems(screens, (permission) => permission === undefined);

  expect(nothing.every((item) => item.permission === undefined)).toBe(true);
});

test("the navigation names each entry once", () => {
  const names = navItems(screens, () => true).map((item) => item.name);

  expect(new Set(names).size).toBe(names.length);
});
