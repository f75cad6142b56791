// The pictures of the kinds of nodes as SVG text, for a drawing that leaves the page.

import { flushSync } from "react-dom";
import { createRoot } from "react-dom/client";
import type { FlowDocument, NodeTypes } from "../document";
import { NodeIcon } from "../icons";

const SIZE = 18;

export function signsOf(document: FlowDocument, types: NodeTypes): Map<string, string> {
  const kinds = [...new Set(document.nodes.map((node) => node.type))];
  const place = window.document.createElement("div");
  const root = createRoot(place);
  flushSync(() =>
    root.render(
      kinds.map((kind) => (
        <i key={kind} data-kind={kind}>
          <NodeIcon icon={types.get(kind)?.icon} type={kind} />
        </i>
      )),
    ),
  );
  const signs = new Map<string, string>();
  for (const each of place.querySelectorAll<HTMLElement>("[data-kind]")) {
    const svg = each.querySelector("svg");
    svg?.setAttribute("width", String(SIZE));
    svg?.setAttribute("height", String(SIZE));
    svg?.removeAttribute("fill");
    if (svg) signs.set(each.dataset["kind"] ?? "", new XMLSerializer().serializeToString(svg));
  }
  // Not while React is drawing something else.
  setTimeout(() => root.unmount());
  return signs;
}
