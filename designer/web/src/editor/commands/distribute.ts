// Gives what is selected the same gaps, across or down; the outermost stay where they are.

import type { Command } from "../command";
import { boxesOf } from "./align";
import { moveNodes } from "./moveNodes";

export const distribute: Command<{ items: readonly string[]; along: "x" | "y" }> = {
  name: "distribute",
  run: (document, { items, along }, types) => {
    const size = along === "x" ? "width" : "height";
    const boxes = boxesOf(document, items, types).sort((a, b) => a[along] - b[along]);
    const [first] = boxes;
    const last = boxes.at(-1);
    if (boxes.length < 3 || first === undefined || last === undefined) return document;
    const room = last[along] + last[size] - first[along];
    const gap = (room - boxes.reduce((sum, box) => sum + box[size], 0)) / (boxes.length - 1);
    let at = first[along];
    const positions = Object.fromEntries(
      boxes.map((box) => {
        const place = { x: box.x, y: box.y, [along]: Math.round(at) + 0 };
        at += box[size] + gap;
        return [box.id, place];
      }),
    );
    return moveNodes.run(document, { positions }, types);
  },
};
