import { expect, test } from "vitest";
import { bodyOf, draftOf, moved, type Reached } from "./channels";

const REACHED: Reached = {
  order: ["mail", "wecom"],
  own: true,
  off: ["cc"],
  quiet: null,
  may_be_off: ["cc", "task"],
  channels: [
    {
      channel: "mail",
      used: true,
      reaches: true,
      address: "",
      standard_address: "a@b.cn",
      connection: null,
      connections: [],
    },
    {
      channel: "wecom",
      used: true,
      reaches: false,
      address: "ann",
      standard_address: "",
      connection: "group",
      connections: [],
    },
    {
      channel: "sms",
      used: false,
      reaches: false,
      address: "",
      standard_address: "",
      connection: null,
      connections: [],
    },
  ],
};

test("what is not used is left out of the order, what is empty out of the addresses", () => {
  expect(bodyOf(draftOf(REACHED))).toEqual({
    order: ["mail", "wecom"],
    addresses: { wecom: { address: "ann", connection: "group" } },
    off: ["cc"],
    quiet: null,
  });
});

test("a way moves up and down, and not beyond the ends", () => {
  expect(moved(["a", "b", "c"], 1, -1)).toEqual(["b", "a", "c"]);
  expect(moved(["a", "b", "c"], 1, 1)).toEqual(["a", "c", "b"]);
  expect(moved(["a", "b"], 0, -1)).toEqual(["a", "b"]);
  expect(moved(["a", "b"], 1, 1)).toEqual(["a", "b"]);
});

test("quiet hours are sent whole or not at all", () => {
  const draft = draftOf(REACHED);

  expect(bodyOf({ ...draft, quiet: { from: "22:00", to: "" } })["quiet"]).toBeNull();
  expect(bodyOf({ ...draft, quiet: { from: "22:00", to: "07:30" } })["quiet"]).toMatchObject({
    from: "22:00",
    to: "07:30",
  });
});
