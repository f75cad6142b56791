// Messages and signals between instances: what was sent, what still waits for a receiver, who waits; and a hand to send one.

import { MessageOutlined, SendOutlined } from "@ant-design/icons";
import { useQueryClient } from "@tanstack/react-query";
import { App, Button, Modal } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useSearchParams } from "react-router";
import { api } from "../../api/client";
import { useList } from "../../api/list";
import { useMay } from "../../api/session";
import type { JsonSchema } from "../../schema";
import { type Column, DataTable } from "../../ui/DataTable";
import { FormDialog } from "../../ui/form/FormDialog";
import { JsonView } from "../../ui/JsonView";
import { EmptyState } from "../../ui/page";
import { SearchField } from "../../ui/SearchField";
import { Segments } from "../../ui/Segments";
import { StatusTag } from "../../ui/StatusTag";
import { ExactTime, RelativeTime } from "../../ui/time";
import { useDelayed } from "../../ui/useDelayed";
import { Frame } from "./Frame";

interface Message {
  id: string;
  kind: "message" | "signal";
  name: string;
  key: string;
  payload: unknown;
  mode: "one" | "one_per_flow" | "all";
  status: "buffered" | "delivered" | "expired";
  receivers: number;
  sender_id: string | null;
  created_at: string;
  expires_at: string;
}

interface Waiting {
  id: string;
  instance_id: string;
  flow_key: string;
  step: number;
  node: string;
  event: string;
  kind: "message" | "signal";
  name: string;
  key: string;
  created_at: string;
}

const EVERY_MS = 15_000;
const VIEWS = ["all", "buffered", "delivered", "expired", "waiting"] as const;
type View = (typeof VIEWS)[number];

export default function Messages() {
  const { t } = useTranslation("operations");
  const may = useMay();
  const [asked, setAsked] = useSearchParams();
  const [sending, setSending] = useState(false);
  const view = (VIEWS.find((each) => each === asked.get("view")) ?? "all") as View;
  const name = asked.get("name") ?? "";
  const set = (field: string, value: string) =>
    setAsked(
      (before) => {
        const next = new URLSearchParams(before);
        value === "" || value === "all" ? next.delete(field) : next.set(field, value);
        return next;
      },
      { replace: true },
    );
  return (
    <Frame
      part="messages"
      {...(may("instances:start")
        ? {
            actions: (
              <Button
                type="primary"
                icon={<SendOutlined />}
                onClick={() => setSending(true)}
                data-testid="btn-send-message"
              >
                {t("messages.send")}
              </Button>
            ),
          }
        : {})}
    >
      <div className="hr-bar">
        <SearchField
          label={t("messages.search")}
          value={name}
          onChange={(value) => set("name", value)}
        />
        <Segments
          label={t("filter")}
          options={VIEWS.map((value) => ({ value, title: t(`messages.${value}`) }))}
          value={view}
          onChange={(value) => set("view", value)}
        />
      </div>
      {view === "waiting" ? <Waiters name={name} /> : <Sent name={name} status={view} />}
      {sending && <Send onClose={() => setSending(false)} />}
    </Frame>
  );
}

function Sent({ name, status }: { name: string; status: View }) {
  const { t } = useTranslation("operations");
  const [open, setOpen] = useState<Message | null>(null);
  const delayed = useDelayed(name.trim());
  const list = useList<Message>(
    "/api/messages",
    { name: delayed || undefined, status: status === "all" ? undefined : status },
    { everyMs: EVERY_MS },
  );
  const columns: Column<Message>[] = [
    {
      key: "name",
      title: t("messages.name"),
      render: (message) => (
        <>
          <code>{message.name}</code>{" "}
          <span className="hr-muted hr-small">{t(`messages.kind_${message.kind}`)}</span>
        </>
      ),
    },
    {
      key: "key",
      title: t("messages.key"),
      render: (message) => (message.key === "" ? "–" : <code>{message.key}</code>),
    },
    {
      key: "status",
      title: t("state"),
      render: (message) => <MessageState message={message} />,
      phone: "corner",
    },
    {
      key: "receivers",
      title: t("messages.receivers"),
      align: "right",
      render: (message) => message.receivers,
    },
    {
      key: "at",
      title: t("messages.sent"),
      render: (message) => <RelativeTime at={message.created_at} />,
    },
    {
      key: "expires",
      title: t("messages.expires"),
      render: (message) =>
        message.status === "buffered" ? <RelativeTime at={message.expires_at} /> : "–",
    },
  ];
  return (
    <>
      <DataTable
        label={t("messages.title")}
        columns={columns}
        {...list}
        rowKey={(message) => message.id}
        onOpen={setOpen}
        testId={(message) => `message-${message.id}`}
        empty={
          <EmptyState
            icon={<MessageOutlined />}
            title={t("messages.none")}
            text={t("messages.none_text")}
          />
        }
      />
      {open !== null && <Detail message={open} onClose={() => setOpen(null)} />}
    </>
  );
}

const LOOKS = { buffered: "waiting", delivered: "sent", expired: "cancelled" };

function MessageState({ message }: { message: Message }) {
  const { t } = useTranslation("operations");
  return <StatusTag status={LOOKS[message.status]}>{t(`messages.${message.status}`)}</StatusTag>;
}

function Detail({ message, onClose }: { message: Message; onClose: () => void }) {
  const { t } = useTranslation("operations");
  return (
    <Modal open title={<code>{message.name}</code>} footer={null} onCancel={onClose} width={640}>
      <div className="hr-stack">
        <p className="hr-row">
          <MessageState message={message} />
          {t(`messages.kind_${message.kind}`)} · {t(`messages.mode_${message.mode}`)}
        </p>
        <dl className="hr-op-facts">
          <div>
            <dt>{t("messages.key")}</dt>
            <dd>{message.key || "–"}</dd>
          </div>
          <div>
            <dt>{t("messages.sent")}</dt>
            <dd>
              <ExactTime at={message.created_at} />
            </dd>
          </div>
          <div>
            <dt>{t("messages.expires")}</dt>
            <dd>
              <ExactTime at={message.expires_at} />
            </dd>
          </div>
          <div>
            <dt>{t("messages.receivers")}</dt>
            <dd>{message.receivers}</dd>
          </div>
        </dl>
        {message.sender_id?.startsWith("ins_") && (
          <p>
            <Link to={`/instances/${message.sender_id}`}>{t("messages.sender")}</Link>
          </p>
        )}
        <JsonView value={message.payload ?? null} label={t("messages.payload")} />
      </div>
    </Modal>
  );
}

function Waiters({ name }: { name: string }) {
  const { t } = useTranslation("operations");
  const delayed = useDelayed(name.trim());
  const list = useList<Waiting>(
    "/api/subscriptions",
    { name: delayed || undefined },
    { everyMs: EVERY_MS },
  );
  const columns: Column<Waiting>[] = [
    {
      key: "name",
      title: t("messages.name"),
      render: (waiting) => (
        <>
          <code>{waiting.name}</code>{" "}
          <span className="hr-muted hr-small">{t(`messages.kind_${waiting.kind}`)}</span>
        </>
      ),
    },
    {
      key: "key",
      title: t("messages.key"),
      render: (waiting) =>
        waiting.key === "" ? t("messages.any_key") : <code>{waiting.key}</code>,
    },
    { key: "flow", title: t("flow"), render: (waiting) => waiting.flow_key },
    { key: "node", title: t("messages.node"), render: (waiting) => <code>{waiting.node}</code> },
    {
      key: "since",
      title: t("messages.since"),
      render: (waiting) => <RelativeTime at={waiting.created_at} />,
    },
  ];
  return (
    <DataTable
      label={t("messages.waiting")}
      columns={columns}
      {...list}
      rowKey={(waiting) => String(waiting.id)}
      to={(waiting) => `/instances/${waiting.instance_id}`}
      testId={(waiting) => `waiting-${waiting.id}`}
      empty={
        <EmptyState
          icon={<MessageOutlined />}
          title={t("messages.nobody")}
          text={t("messages.nobody_text")}
        />
      }
    />
  );
}

function Send({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation("operations");
  const { message } = App.useApp();
  const queries = useQueryClient();
  const choice = (name: string, values: string[]): JsonSchema => ({
    type: "string",
    title: t(`messages.${name}`),
    oneOf: values.map((value) => ({ const: value, title: t(`messages.${name}_${value}`) })),
  });
  const schema: JsonSchema = {
    type: "object",
    required: ["kind", "name", "mode"],
    properties: {
      kind: choice("kind", ["message", "signal"]),
      name: {
        type: "string",
        minLength: 1,
        maxLength: 100,
        title: t("messages.name"),
        description: t("messages.name_help"),
      },
      key: {
        type: "string",
        maxLength: 200,
        title: t("messages.key"),
        description: t("messages.key_help"),
      },
      payload: { title: t("messages.payload"), description: t("messages.payload_help") },
      mode: {
        ...choice("mode", ["one", "one_per_flow", "all"]),
        default: "one",
        "x-advanced": true,
        "x-when": { kind: ["message"] },
      },
      ttl_s: {
        type: "integer",
        minimum: 0,
        title: t("messages.ttl"),
        description: t("messages.ttl_help"),
        default: 3600,
        "x-advanced": true,
        "x-when": { kind: ["message"] },
      },
    },
  };
  return (
    <FormDialog
      title={t("messages.send")}
      intro={t("messages.send_text")}
      schema={schema}
      start={{ kind: "message", mode: "one", ttl_s: 3600 }}
      submitLabel={t("messages.send")}
      onClose={onClose}
      onSubmit={async ({ kind, ...told }) => {
        const answer = await api.post<{ reached: number }>(
          kind === "signal" ? "/api/signals" : "/api/messages",
          told,
        );
        await queries.invalidateQueries({ queryKey: ["/api/messages"] });
        message.success(
          answer.reached > 0
            ? t("messages.reached", { count: answer.reached })
            : t(kind === "signal" ? "messages.reached_none" : "messages.kept"),
        );
        onClose();
      }}
    />
  );
}
