// The form of a connection, drawn from what its connector asks for. Secrets go in and never come out.

import { useQueryClient } from "@tanstack/react-query";
import { App } from "antd";
import { useTranslation } from "react-i18next";
import { api } from "../../api/client";
import type { Connection, Connector, JsonObject, JsonSchema } from "../../api/types";
import { FormDialog } from "../../ui/form/FormDialog";
import { useText } from "../../ui/text";

interface ConnectionDialogProps {
  connector: Connector;
  connection: Connection | null;
  onClose: () => void;
}

export function ConnectionDialog({ connector, connection, onClose }: ConnectionDialogProps) {
  const { t } = useTranslation(["admin", "app"]);
  const { text } = useText();
  const { message } = App.useApp();
  const queries = useQueryClient();
  const start = connection
    ? { name: connection.name, settings: connection.settings, secrets: connection.secrets }
    : { settings: defaultsOf(connector.settings) };
  return (
    <FormDialog
      title={
        connection ? t("connections.edit", { name: text(connection.name) }) : text(connector.title)
      }
      intro={text(connector.help)}
      schema={useSchema(connector, connection)}
      start={start}
      width={600}
      prepare={withoutStored}
      conflict={t("connections.key_taken")}
      onClose={onClose}
      onSubmit={async (value) => {
        if (connection) await api.patch(`/api/connections/${connection.key}`, value);
        else
          await api.post("/api/connections", { settings: {}, ...value, connector: connector.name });
        await queries.invalidateQueries({ queryKey: ["/api/connections"] });
        message.success(t("app:state.saved"));
        onClose();
      }}
    />
  );
}

function useSchema(connector: Connector, connection: Connection | null): JsonSchema {
  const { t } = useTranslation("admin");
  const key: JsonSchema = {
    type: "string",
    title: t("connections.key"),
    description: t("connections.key_help"),
    pattern: "^[a-z][a-z0-9_-]{0,63}$",
  };
  const name: JsonSchema = { type: "string", title: t("connections.name"), maxLength: 200 };
  const secrets = asSecrets(connector.secrets);
  const asked = Object.keys(secrets.properties ?? {}).length > 0;
  return {
    type: "object",
    required: connection ? ["name"] : ["name", "key"],
    properties: {
      name,
      ...(connection ? {} : { key }),
      settings: {
        ...connector.settings,
        title: t("connections.settings"),
      },
      ...(asked ? { secrets: { ...secrets, title: t("connections.secrets") } } : {}),
    },
  };
}

/** Secrets are typed unseen, and one that is stored need not be typed again. */
function asSecrets(schema: JsonSchema): JsonSchema {
  const properties = Object.entries(schema.properties ?? {}).map(([name, one]) => [
    name,
    { ...one, format: "password" },
  ]);
  return { ...schema, required: [], properties: Object.fromEntries(properties) };
}

/** A stored secret stands as `true` in the form; only what was typed is sent. */
function withoutStored(value: JsonObject): JsonObject {
  const secrets = Object.entries((value["secrets"] ?? {}) as JsonObject);
  const typed = secrets.filter(([, secret]) => typeof secret === "string");
  const { secrets: _all, ...others } = value;
  return typed.length > 0 ? { ...others, secrets: Object.fromEntries(typed) } : others;
}

function defaultsOf(schema: JsonSchema): JsonObject {
  const given = Object.entries(schema.properties ?? {}).filter(
    ([, one]) => one.default !== undefined,
  );
  return Object.fromEntries(given.map(([name, one]) => [name, one.default]));
}
