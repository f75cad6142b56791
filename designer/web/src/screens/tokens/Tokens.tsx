// API tokens for other programs. A token is shown once, when it is made.

import { CopyOutlined, DeleteOutlined, KeyOutlined, PlusOutlined } from "@ant-design/icons";
import { useQueryClient } from "@tanstack/react-query";
import { App, Button, Modal } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api } from "../../api/client";
import { useList } from "../../api/list";
import type { ApiToken, Text } from "../../api/types";
import type { JsonSchema } from "../../schema";
import { ConfirmButton } from "../../ui/ConfirmButton";
import { copyText } from "../../ui/copy";
import { type Column, DataTable } from "../../ui/DataTable";
import { FormDialog } from "../../ui/form/FormDialog";
import { EmptyState, PageBody, PageHeader } from "../../ui/page";
import { Tag } from "../../ui/StatusTag";
import { useText } from "../../ui/text";
import { ExactTime, RelativeTime } from "../../ui/time";
import "./tokens.css";

const KEY = ["/api/tokens"];
const SCOPES_SHOWN_MAX = 3;

interface Scope {
  name: string;
  title: Text;
}

export default function Tokens() {
  const { t } = useTranslation("admin");
  const [creating, setCreating] = useState(false);
  const [made, setMade] = useState<string | null>(null);
  const list = useList<ApiToken>("/api/tokens");
  const scopes = useList<Scope>("/api/scopes").rows ?? [];
  const create = (
    <Button
      type="primary"
      icon={<PlusOutlined />}
      onClick={() => setCreating(true)}
      data-testid="btn-new-token"
    >
      {t("tokens.create")}
    </Button>
  );
  return (
    <>
      <PageHeader title={t("tokens.title")} subtitle={t("tokens.subtitle")} actions={create} />
      <PageBody>
        <DataTable
          label={t("tokens.title")}
          columns={useColumns(scopes)}
          {...list}
          rowKey={(token) => token.id}
          testId={(token) => `token-${token.id}`}
          empty={
            <EmptyState
              icon={<KeyOutlined />}
              title={t("tokens.empty")}
              text={t("tokens.empty_text")}
              action={create}
            />
          }
        />
      </PageBody>
      {creating && (
        <CreateToken scopes={scopes} onMade={setMade} onClose={() => setCreating(false)} />
      )}
      {made !== null && <ShownOnce token={made} onClose={() => setMade(null)} />}
    </>
  );
}

function useColumns(scopes: Scope[]): Column<ApiToken>[] {
  const { t } = useTranslation("admin");
  const { text } = useText();
  const titleOf = (name: string) =>
    text(scopes.find((scope) => scope.name === name)?.title) || name;
  return [
    {
      key: "name",
      title: t("tokens.name"),
      render: (token) => (
        <>
          {token.name} {token.hint && <code className="hr-muted">{token.hint}…</code>}
        </>
      ),
    },
    {
      key: "scopes",
      title: t("tokens.scopes"),
      render: (token) => (
        <span className="hr-row" title={token.scopes.map(titleOf).join("、")}>
          {token.scopes.slice(0, SCOPES_SHOWN_MAX).map((scope) => (
            <Tag key={scope}>{titleOf(scope)}</Tag>
          ))}
          {token.scopes.length > SCOPES_SHOWN_MAX && (
            <span className="hr-muted">+{token.scopes.length - SCOPES_SHOWN_MAX}</span>
          )}
        </span>
      ),
    },
    {
      key: "created",
      title: t("tokens.created"),
      render: (token) => <RelativeTime at={token.created_at} />,
    },
    {
      key: "used",
      title: t("tokens.used"),
      render: (token) =>
        token.last_used_at ? (
          <RelativeTime at={token.last_used_at} />
        ) : (
          <span className="hr-muted">{t("tokens.never_used")}</span>
        ),
    },
    {
      key: "expires",
      title: t("tokens.expires"),
      render: (token) =>
        token.expires_at ? (
          <ExactTime at={token.expires_at} />
        ) : (
          <span className="hr-muted">{t("tokens.never_expires")}</span>
        ),
    },
    {
      key: "actions",
      title: <span className="hr-hidden">{t("actions")}</span>,
      align: "right",
      phone: "corner",
      render: (token) => <Revoke token={token} />,
    },
  ];
}

function Revoke({ token }: { token: ApiToken }) {
  const { t } = useTranslation("admin");
  const queries = useQueryClient();
  return (
    <ConfirmButton
      type="text"
      danger
      icon={<DeleteOutlined />}
      aria-label={t("tokens.revoke_of", { name: token.name })}
      title={t("tokens.revoke_title", { name: token.name })}
      text={t("tokens.revoke_text")}
      confirmLabel={t("tokens.revoke")}
      onConfirm={async () => {
        await api.delete(`/api/tokens/${token.id}`);
        await queries.invalidateQueries({ queryKey: KEY });
      }}
      data-testid={`revoke-${token.id}`}
    />
  );
}

interface CreateTokenProps {
  scopes: Scope[];
  onMade: (token: string) => void;
  onClose: () => void;
}

function CreateToken({ scopes, onMade, onClose }: CreateTokenProps) {
  const { t } = useTranslation("admin");
  const queries = useQueryClient();
  const schema: JsonSchema = {
    type: "object",
    required: ["name", "scopes"],
    properties: {
      name: {
        type: "string",
        title: t("tokens.name"),
        description: t("tokens.name_help"),
        maxLength: 100,
      },
      scopes: {
        type: "array",
        title: t("tokens.scopes"),
        description: t("tokens.scopes_help"),
        minItems: 1,
        items: {
          type: "string",
          oneOf: scopes.map((scope) => ({ const: scope.name, "x-title": scope.title })),
        },
      },
      expires_at: {
        type: "string",
        format: "date-time",
        title: t("tokens.expires"),
        description: t("tokens.expires_help"),
      },
    },
  };
  return (
    <FormDialog
      title={t("tokens.create")}
      schema={schema}
      submitLabel={t("tokens.create")}
      onClose={onClose}
      onSubmit={async (value) => {
        const { token } = await api.post<ApiToken>("/api/tokens", value);
        await queries.invalidateQueries({ queryKey: KEY });
        onClose();
        if (token) onMade(token);
      }}
    />
  );
}

function ShownOnce({ token, onClose }: { token: string; onClose: () => void }) {
  const { t } = useTranslation(["admin", "app"]);
  const { message } = App.useApp();
  const copy = async () => {
    await copyText(token);
    message.success(t("app:state.copied"));
  };
  return (
    <Modal
      open
      title={t("tokens.made")}
      onCancel={onClose}
      mask={{ closable: false }}
      footer={
        <Button type="primary" onClick={onClose}>
          {t("tokens.kept")}
        </Button>
      }
    >
      <p className="hr-muted">{t("tokens.made_text")}</p>
      <div className="hr-token">
        <code data-testid="token">{token}</code>
        <Button icon={<CopyOutlined />} onClick={copy} data-testid="btn-copy">
          {t("app:action.copy")}
        </Button>
      </div>
    </Modal>
  );
}
