// The flow as a file, out and in.

import { App } from "antd";
import { type ReactNode, useRef } from "react";
import { useTranslation } from "react-i18next";
import { replaceDocument } from "../../editor/commands/replaceDocument";
import { saveFile } from "../../editor/saveFile";
import { useEditor } from "../../editor/store";

export interface FlowFiles {
  choose: () => void;
  save: () => void;
  /** Stands somewhere on the page; the browser's own dialog belongs to it. */
  input: ReactNode;
}

export function useFlowFiles(): FlowFiles {
  const { t } = useTranslation("editor");
  const { message } = App.useApp();
  const input = useRef<HTMLInputElement>(null);
  const read = async (file: File) => {
    try {
      const document = JSON.parse(await file.text());
      if (!Array.isArray(document?.nodes) || !Array.isArray(document?.edges))
        throw new Error("no flow");
      useEditor.getState().run(replaceDocument, { document });
      message.success(t("bar.imported"));
    } catch {
      message.error(t("bar.not_a_flow"));
    }
  };
  return {
    choose: () => input.current?.click(),
    save: () => {
      const document = useEditor.getState().history.present;
      saveFile(`${document.key}.json`, JSON.stringify(document, null, 2), "application/json");
    },
    input: (
      <input
        ref={input}
        type="file"
        accept=".json,application/json"
        hidden
        data-testid="import-file"
        onChange={(event) => {
          const file = event.target.files?.[0];
          event.target.value = "";
          if (file !== undefined) void read(file);
        }}
      />
    ),
  };
}
