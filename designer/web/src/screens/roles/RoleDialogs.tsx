// Make or rename a role; say who is in it.

import { useQuery, useQueryClient } from "@tanstack/react-query";
import { App } from "antd";
import { useTranslation } from "react-i18next";
import { api } from "../../api/client";
import type { Page, Person, Role } from "../../api/types";
import { FormDialog } from "../../ui/form/FormDialog";
import type { JsonSchema } from "../../ui/form/schema";
import { useText } from "../../ui/text";

const PEOPLE_MAX = 200; // as many as the server gives at once

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

export function MembersDialog({ role, onClose }: { role: Role; onClose: () => void }) {
  const { t } = useTranslation("admin");
  const { text } = useText();
  const saved = useSaved(onClose);
  const { data } = useQuery({
    queryKey: ["/api/users", "all"],
    queryFn: ({ signal }) => api.get<Page<Person>>(`/api/users?limit=${PEOPLE_MAX}`, { signal }),
  });
  if (data === undefined) return null;
  const members = (role.members ?? []).map((one) => (typeof one === "string" ? one : one.id));
  const people = data.items.filter((user) => user.active || members.includes(user.id));
  const schema: JsonSchema = {
    type: "object",
    properties: {
      members: {
        type: "array",
        title: t("roles.members"),
        items: {
          type: "string",
          oneOf: people.map((user) => ({
            const: user.id,
            title: `${user.name} (${user.login})`,
          })),
        },
      },
    },
  };
  const start = { members };
  return (
    <FormDialog
      title={t("roles.members_of", { name: text(role.title) })}
      schema={schema}
      start={start}
      onClose={onClose}
      onSubmit={async (value) => {
        await api.put(`/api/roles/${role.key}/members`, value["members"] ?? []);
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
