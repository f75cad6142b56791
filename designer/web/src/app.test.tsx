import { render, screen } from "@testing-library/react";
import { expect, test } from "vitest";
import { App } from "./app";

test("the application names itself", () => {
  render(<App />);

  expect(screen.getByRole("heading").textContent).toBe("Headrace");
});
