import { cleanup, render, screen } from "@testing-library/react";
import { afterEach, expect, test } from "vitest";
import { type Other, useOthers } from "../together/others";
import { OthersAt } from "./OthersAt";

const other = (name: string, selection: string[]): Other => ({
  client: `tab-${name}`,
  user_id: name,
  name,
  since: "2026-01-09T08:00:00.000Z",
  cursor: null,
  look: "canvas",
  selection,
});

afterEach(() => {
  cleanup();
  useOthers.setState({ others: [] });
});

test("a card says who else has chosen it, and nothing of others", () => {
  useOthers.setState({
    others: [other("Ann", ["ask"]), other("Ben", ["pay"]), other("Dora", ["pay", "ask"])],
  });

  render(<OthersAt node="ask" />);

  const here = [...screen.getByTestId("other-at-ask").children].map((each) => each.textContent);
  expect(here).toEqual(["Ann", "Dora"]);
});

test("where nobody else is, nothing is drawn", () => {
  const { container } = render(<OthersAt node="ask" />);

  expect(container.innerHTML).toBe("");
});
