// The flow as a file, out and in.

import { type ReactNode, Suspense, useState } from "react";
import { useTranslation } from "react-i18next";
import { addressOf } from "../../api/client";
import { replaceDocument } from "../../editor/commands/replaceDocument";
import type { FlowDocument } from "../../editor/document";
import { saveFile } from "../../editor/saveFile";
import { useEditor } from "../../editor/store";
import { lazy } from "../../ui/lazy";

const ImportDialog = lazy(() => import("../../exchange/ImportDialog"));

export interface FlowFiles {
  choose: () => void;
  save: () => void;
  /** As BPMN 2.0 XML; what is drawn must have been kept before, the server writes it. */
  saveBpmn: () => void;
  /** Stands somewhere on the page: the dialog, while it is open. */
  input: ReactNode;
}

export function useFlowFiles(): FlowFiles {
  const { i18n } = useTranslation("editor");
  const [open, setOpen] = useState(false);
  const key = useEditor((state) => state.history.present.key);
  const put = (document: unknown) =>
    useEditor.getState().run(replaceDocument, { document: document as FlowDocument });
  return {
    choose: () => setOpen(true),
    save: () => {
      const document = useEditor.getState().history.present;
      saveFile(`${document.key}.json`, JSON.stringify(document, null, 2), "application/json");
    },
    saveBpmn: () => {
      const link = document.createElement("a");
      const language = i18n.language.startsWith("zh") ? "zh" : "en";
      link.href = addressOf(`/api/flows/${key}/bpmn?language=${language}`);
      link.download = `${key}.bpmn`;
      link.click();
    },
    input: open ? (
      <Suspense fallback={null}>
        <ImportDialog onClose={() => setOpen(false)} onto={{ key, put }} />
      </Suspense>
    ) : null,
  };
}
