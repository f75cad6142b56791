// Brings what a sub-flow does back into this drawing. The sub-flow itself stays: others may start it, too.

import type { MessageInstance } from "antd/es/message/interface";
import type { TFunction } from "i18next";
import { api } from "../../api/client";
import type { Flow } from "../../api/types";
import { inlineSubflow } from "../../editor/commands/inlineSubflow";
import { type FlowDocument, nodeOf } from "../../editor/document";
import { useEditor } from "../../editor/store";
import { whyNotWithin } from "../../editor/subflow";

export async function inline(message: MessageInstance, t: TFunction<"canvas">): Promise<void> {
  const { history, selection, run, select } = useEditor.getState();
  const node = nodeOf(history.present, selection.nodes[0] ?? "");
  try {
    const flow = await api.get<Flow>(`/api/flows/${String(node?.settings["flow"] ?? "")}`);
    const inner = flow.draft.document as FlowDocument;
    const reason = whyNotWithin(node, inner);
    if (reason !== null || node === undefined) {
      message.warning(t(`subflow.not_within_${reason ?? "no_flow"}`));
      return;
    }
    const before = new Set(history.present.nodes.map((each) => each.id));
    if (!run(inlineSubflow, { node: node.id, inner })) {
      message.warning(t("subflow.not_within_starts"));
      return;
    }
    const { present } = useEditor.getState().history;
    select({ nodes: present.nodes.map((each) => each.id).filter((id) => !before.has(id)) });
  } catch {
    message.error(t("subflow.not_within_no_flow"));
  }
}
