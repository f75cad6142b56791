// A new flow needs a name; the editor does the rest.

import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { api } from "../../api/client";
import type { JsonSchema } from "../../schema";
import { FormDialog } from "../../ui/form/FormDialog";

export function CreateFlow({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation(["flows", "app"]);
  const navigate = useNavigate();
  const schema: JsonSchema = {
    type: "object",
    required: ["name"],
    properties: {
      name: { type: "object", title: t("create.name"), "x-widget": "bilingual" },
      key: {
        type: "string",
        title: t("create.key"),
        description: t("create.key_help"),
        pattern: "^[a-z][a-z0-9-]{1,63}$",
        "x-advanced": true,
      },
    },
  };
  return (
    <FormDialog
      title={t("create.title")}
      schema={schema}
      submitLabel={t("create.send")}
      onClose={onClose}
      onSubmit={async (value) => {
        const { key } = await api.post<{ key: string }>("/api/flows", value);
        navigate(`/flows/${key}`);
      }}
    />
  );
}
