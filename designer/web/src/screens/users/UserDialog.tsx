// One person: name, roles, and a password that only they should know in the end.

import { useQueryClient } from "@tanstack/react-query";
import { App } from "antd";
import { useTranslation } from "react-i18next";
import { api } from "../../api/client";
import type { Person, Role } from "../../api/types";
import type { JsonSchema } from "../../schema";
import { FormDialog } from "../../ui/form/FormDialog";

const PASSWORD_MIN = 8;

interface UserDialogProps {
  user: Person | null;
  roles: Role[];
  onClose: () => void;
}

export function UserDialog({ user, roles, onClose }: UserDialogProps) {
  const { t } = useTranslation(["admin", "app"]);
  const { message } = App.useApp();
  const queries = useQueryClient();
  const start = user ? { name: user.name, email: user.email ?? undefined, roles: user.roles } : {};
  return (
    <FormDialog
      title={user ? t("users.edit", { name: user.name }) : t("users.create")}
      schema={useSchema(user, roles)}
      start={start}
      conflict={t("users.login_taken")}
      onClose={onClose}
      onSubmit={async (value) => {
        if (user) await api.patch(`/api/users/${user.id}`, { email: null, ...value });
        else await api.post("/api/users", value);
        await queries.invalidateQueries({ queryKey: ["/api/users"] });
        await queries.invalidateQueries({ queryKey: ["/api/roles"] });
        message.success(t("app:state.saved"));
        onClose();
      }}
    />
  );
}

function useSchema(user: Person | null, roles: Role[]): JsonSchema {
  const { t } = useTranslation("admin");
  const password: JsonSchema = {
    type: "string",
    format: "password",
    title: t(user ? "users.password_new" : "users.password"),
    description: t(user ? "users.password_keep" : "users.password_help"),
    minLength: PASSWORD_MIN,
  };
  return {
    type: "object",
    required: user ? ["name"] : ["login", "name", "password"],
    properties: {
      ...(user
        ? {}
        : {
            login: {
              type: "string",
              title: t("users.login"),
              description: t("users.login_help"),
              pattern: "^[A-Za-z0-9][A-Za-z0-9._@-]{0,99}$",
            },
          }),
      name: { type: "string", title: t("users.name"), maxLength: 100 },
      email: { type: "string", format: "email", title: t("users.email") },
      roles: {
        type: "array",
        title: t("users.roles"),
        description: t("users.roles_help"),
        items: {
          type: "string",
          oneOf: roles.map((role) => ({ const: role.key, "x-title": role.title })),
        },
      },
      password,
    },
  };
}
