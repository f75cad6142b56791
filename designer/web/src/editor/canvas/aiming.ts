// While a line is drawn: which nodes it may not lead to, and why. Worked out once, when the line begins.

import { create } from "zustand";
import type { FlowDocument, NodeTypes } from "../document";
import { type Reason, whyNotConnect } from "../rules";

interface Aiming {
  forbidden: ReadonlyMap<string, Reason>;
}

const NOBODY: ReadonlyMap<string, Reason> = new Map();

export const useAiming = create<Aiming>(() => ({ forbidden: NOBODY }));

export function beginAiming(
  document: FlowDocument,
  from: string,
  port: string,
  types: NodeTypes,
): void {
  const forbidden = new Map<string, Reason>();
  for (const node of document.nodes) {
    const reason = whyNotConnect(document, { from, port, to: node.id }, types);
    if (reason !== null) forbidden.set(node.id, reason);
  }
  useAiming.setState({ forbidden });
}

export function endAiming(): void {
  useAiming.setState({ forbidden: NOBODY });
}
