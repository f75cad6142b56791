// A new source, or the plain settings of one: its account, its ways in, how often it is pulled.

import { useQueryClient } from "@tanstack/react-query";
import { App } from "antd";
import { useTranslation } from "react-i18next";
import { api } from "../../api/client";
import { useList } from "../../api/list";
import type { Connection, Connector } from "../../api/types";
import type { JsonSchema } from "../../schema";
import { FormDialog } from "../../ui/form/FormDialog";
import type { JsonObject } from "../../ui/form/kinds";
import { useText } from "../../ui/text";
import { MoreFields, ownerFields } from "./Fields";
import type { Source } from "./types";

const NONE = "-";

interface SourceDialogProps {
  source?: Source;
  onClose: () => void;
  onMade?: (key: string) => void;
}

export function SourceDialog({ source, onClose, onMade }: SourceDialogProps) {
  const { t } = useTranslation("sources");
  const { text, language } = useText();
  const { message } = App.useApp();
  const queries = useQueryClient();
  const accounts = useList<Connection>("/api/connections", { limit: 200 });
  const kinds = useList<Connector>("/api/connectors");
  if (accounts.rows === undefined || kinds.rows === undefined) return null;
  const named = new Map(kinds.rows.map((one) => [one.name, text(one.title)]));
  const shops = accounts.rows.filter(
    (one) =>
      !["smtp", "robot", "aliyun_sms", "alipay", "wechat_pay", "database"].includes(one.connector),
  );
  const label = (key: string) => ({ zh: t(key), en: t(key) });
  const schema: JsonSchema = {
    type: "object",
    properties: {
      ...(source === undefined
        ? {
            key: {
              type: "string",
              pattern: "^[a-z][a-z0-9_-]{0,63}$",
              maxLength: 64,
              "x-title": label("form.key"),
              "x-help": label("form.key_help"),
            },
          }
        : {}),
      title: { type: "string", minLength: 1, maxLength: 100, "x-title": label("form.title") },
      connection: {
        type: "string",
        enum: [NONE, ...shops.map((one) => one.key)],
        "x-enum-titles": Object.fromEntries([
          [NONE, label("form.no_account")],
          ...shops.map((one) => {
            const title = `${text(one.name)} (${named.get(one.connector) ?? one.connector})`;
            return [one.key, { zh: title, en: title }];
          }),
        ]),
        default: NONE,
        "x-title": label("form.connection"),
        "x-help": label("form.connection_help"),
      },
      shop: {
        type: "string",
        maxLength: 80,
        "x-title": label("form.shop"),
        "x-help": label("form.shop_help"),
      },
      poll: { type: "boolean", default: false, "x-title": label("form.poll") },
      every: {
        type: "string",
        format: "duration",
        "x-widget": "duration",
        "x-title": label("form.every"),
        "x-help": label("form.every_help"),
        "x-when": { poll: [true] },
      },
      refunds: {
        type: "boolean",
        "x-title": label("form.refunds"),
        "x-help": label("form.refunds_help"),
        "x-when": { poll: [true] },
      },
      push: { type: "boolean", default: false, "x-title": label("form.push") },
      file: { type: "boolean", default: true, "x-title": label("form.file") },
      enabled: { type: "boolean", default: true, "x-title": label("form.enabled") },
      ...ownerFields(label),
    },
    required: source === undefined ? ["key", "title"] : ["title"],
    "x-order": [
      ...["key", "title", "connection", "shop", "poll", "every", "refunds", "push", "file"],
      ...["enabled", "primary", "backup"],
    ],
  } as unknown as JsonSchema;
  const start: JsonObject = source
    ? {
        title: source.title[language] ?? source.title.zh ?? source.title.en ?? source.key,
        connection: source.connection ?? NONE,
        shop: source.shop,
        poll: source.ways.poll.enabled,
        every: source.ways.poll.every,
        refunds: source.ways.poll.refunds,
        push: source.ways.push.enabled,
        file: source.ways.file.enabled,
        enabled: source.enabled,
        ...source.owner,
      }
    : {
        connection: NONE,
        poll: false,
        every: "PT15M",
        refunds: true,
        push: false,
        file: true,
        enabled: true,
      };
  const submit = async (value: JsonObject) => {
    const account = shops.find((one) => one.key === value["connection"]);
    const before = source?.ways;
    const body = {
      title: { ...source?.title, [language]: value["title"] },
      connection: account?.key ?? null,
      ...(account === undefined || account.connector === "webhook"
        ? {}
        : { channel: account.connector }),
      shop: value["shop"] ?? "",
      ways: {
        push: { ...before?.push, enabled: value["push"] === true },
        poll: {
          ...before?.poll,
          enabled: value["poll"] === true,
          every: value["every"] || before?.poll.every || "PT15M",
          refunds: value["refunds"] !== false,
        },
        file: { enabled: value["file"] === true },
      },
      enabled: value["enabled"] !== false,
      owner: { primary: value["primary"] || null, backup: value["backup"] || null },
    };
    if (source === undefined) await api.post("/api/sources", { key: value["key"], ...body });
    else await api.put(`/api/sources/${source.key}`, { revision: source.revision, ...body });
    await queries.invalidateQueries({
      predicate: (one) => String(one.queryKey[0]).startsWith("/api/sources"),
    });
    message.success(t("saved"));
    onClose();
    if (source === undefined) onMade?.(String(value["key"]));
  };
  return (
    <MoreFields names={source?.owner_names ?? {}}>
      <FormDialog
        title={source === undefined ? t("create") : t("edit")}
        schema={schema}
        start={start}
        onSubmit={submit}
        onClose={onClose}
        conflict={t("changed_meanwhile")}
      />
    </MoreFields>
  );
}
