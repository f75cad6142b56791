// Bring in a flow from a JSON file; what is wrong with it is shown place by place.

import { useQueryClient } from "@tanstack/react-query";
import { App, Button, Modal } from "antd";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { ApiError, api } from "../../api/client";
import { Trouble } from "../../ui/Trouble";

interface Refused {
  file: string;
  error: unknown;
}

export function useImport(): { choose: () => void; dialog: ReactNode } {
  const { t } = useTranslation(["flows", "app", "editor"]); // the editor's words name what is wrong with a document;
  const { message } = App.useApp();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const [refused, setRefused] = useState<Refused | null>(null);

  const send = async (file: File) => {
    try {
      const { key } = await api.post<{ key: string }>("/api/flows/import", await parsed(file));
      message.success(t("import.done"));
      await queries.invalidateQueries({ queryKey: ["/api/flows"] });
      navigate(`/flows/${key}`);
    } catch (error) {
      setRefused({ file: file.name, error });
    }
  };
  const choose = () => {
    const input = document.createElement("input");
    input.type = "file";
    input.accept = ".json,application/json";
    input.onchange = () => input.files?.[0] && send(input.files[0]);
    input.click();
  };
  const dialog = refused && (
    <Modal
      open
      title={t("import.refused", { file: refused.file })}
      onCancel={() => setRefused(null)}
      footer={<Button onClick={() => setRefused(null)}>{t("app:action.close")}</Button>}
    >
      <Trouble error={refused.error} testId="import-problems" />
    </Modal>
  );
  return { choose, dialog };
}

async function parsed(file: File): Promise<unknown> {
  try {
    return JSON.parse(await file.text());
  } catch {
    throw new ApiError(400, "not_json", "Expected a JSON file.");
  }
}
