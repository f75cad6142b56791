// Make or rename a role; who is in it is the dialog of `directory/`, which other screens open too.

import { useQueryClient } from "@tanstack/react-query";
import { App } from "antd";
import { useTranslation } from "react-i18next";
import { api } from "../../api/client";
import type { Role } from "../../api/types";
import type { JsonSchema } from "../../schema";
import { FormDialog } from "../../ui/form/FormDialog";
import { useText } from "../../ui/text";

interface RoleDialogProps {
  edited: Role | null;
  onClose: () => void;
}

export function RoleDialog({ edited: role, onClose }: RoleDialogProps) {
  const { t } = useTranslation("admin");
  const { text } = useText();
  const saved = useSaved(onClose);
  const title: JsonSchema = { type: "object", title: t("roles.name"), "x-widget": "bilingual" };
  const key: JsonSchema = {
    type: "string",
    title: t("roles.key"),
    description: t("roles.key_help"),
    pattern: "^[a-z][a-z0-9_]{0,63}$",
  };
  return (
    <FormDialog
      title={role ? t("roles.edit", { name: text(role.title) }) : t("roles.create")}
      schema={{
        type: "object",
        required: role ? ["title"] : ["title", "key"],
        properties: role ? { title } : { title, key },
      }}
      start={role ? { title: role.title } : {}}
      conflict={t("roles.key_taken")}
      onClose={onClose}
      onSubmit={async (value) => {
        if (role) await api.patch(`/api/roles/${role.key}`, value);
        else await api.post("/api/roles", value);
        await saved();
      }}
    />
  );
}

function useSaved(onClose: () => void) {
  const { t } = useTranslation("app");
  const { message } = App.useApp();
  const queries = useQueryClient();
  return async () => {
    await queries.invalidateQueries({ queryKey: ["/api/roles"] });
    await queries.invalidateQueries({ queryKey: ["/api/users"] });
    message.success(t("state.saved"));
    onClose();
  };
}
