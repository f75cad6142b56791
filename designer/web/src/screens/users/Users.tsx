// The people of the workspace.

import { EditOutlined, PlusOutlined, SwapOutlined } from "@ant-design/icons";
import { useQueryClient } from "@tanstack/react-query";
import { App, Button } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useSearchParams } from "react-router";
import { api } from "../../api/client";
import { useList } from "../../api/list";
import { useMay } from "../../api/session";
import type { Person, Role } from "../../api/types";
import { HandoverSheet } from "../../people/HandoverSheet";
import { ConfirmButton } from "../../ui/ConfirmButton";
import { type Column, DataTable } from "../../ui/DataTable";
import { useErrorText } from "../../ui/errorText";
import { EmptyState, PageBody, PageHeader } from "../../ui/page";
import { SearchField } from "../../ui/SearchField";
import { StatusTag, Tag } from "../../ui/StatusTag";
import { useText } from "../../ui/text";
import { useDelayed } from "../../ui/useDelayed";
import { UserDialog } from "./UserDialog";

export default function Users() {
  const { t } = useTranslation(["admin", "app"]);
  const write = useMay()("users:write");
  const [typed, setTyped] = useState("");
  const [params] = useSearchParams();
  const [editing, setEditing] = useState<Person | "new" | null>(
    write && params.has("new") ? "new" : null,
  );
  const [leaving, setLeaving] = useState<Person | null>(null);
  const list = useList<Person>("/api/users", { search: useDelayed(typed) });
  const roles = useList<Role>("/api/roles").rows ?? [];
  return (
    <>
      <PageHeader
        title={t("users.title")}
        {...(write
          ? {
              actions: (
                <Button
                  type="primary"
                  icon={<PlusOutlined />}
                  onClick={() => setEditing("new")}
                  data-testid="btn-new-user"
                >
                  {t("users.create")}
                </Button>
              ),
            }
          : {})}
      />
      <PageBody>
        <div className="hr-bar">
          <SearchField label={t("users.search")} value={typed} onChange={setTyped} />
        </div>
        <DataTable
          label={t("users.title")}
          columns={useColumns(roles, write, setEditing, setLeaving)}
          {...list}
          rowKey={(user) => user.id}
          testId={(user) => `user-${user.login}`}
          {...(write ? { onOpen: setEditing } : {})}
          empty={
            <EmptyState
              title={t("app:state.nothing_found")}
              text={t("app:state.nothing_found_text")}
            />
          }
        />
      </PageBody>
      {leaving !== null && <HandoverSheet person={leaving} onClose={() => setLeaving(null)} />}
      {editing !== null && (
        <UserDialog
          user={editing === "new" ? null : editing}
          roles={roles}
          onClose={() => setEditing(null)}
        />
      )}
    </>
  );
}

function useColumns(
  roles: Role[],
  write: boolean,
  edit: (user: Person) => void,
  handOver: (user: Person) => void,
): Column<Person>[] {
  const { t } = useTranslation(["admin", "app", "people"]);
  const operate = useMay()("instances:operate");
  const { text } = useText();
  const titleOf = (key: string) => text(roles.find((role) => role.key === key)?.title) || key;
  const columns: Column<Person>[] = [
    {
      key: "name",
      title: t("users.name"),
      render: (user) => <span className="hr-nowrap">{user.name}</span>,
    },
    { key: "login", title: t("users.login"), render: (user) => <code>{user.login}</code> },
    {
      key: "roles",
      title: t("users.roles"),
      render: (user) => (
        <span className="hr-row">
          {user.roles.length === 0 && <span className="hr-muted">–</span>}
          {user.roles.map((role) => (
            <Tag key={role}>{titleOf(role)}</Tag>
          ))}
        </span>
      ),
    },
    {
      key: "email",
      title: t("users.email"),
      render: (user) => user.email || <span className="hr-muted">–</span>,
    },
    {
      key: "state",
      title: t("users.state"),
      render: (user) => <StatusTag status={user.active ? "active" : "inactive"} />,
      phone: "corner",
    },
  ];
  if (!write) return columns;
  const actions: Column<Person> = {
    key: "actions",
    title: <span className="hr-hidden">{t("actions")}</span>,
    align: "right",
    render: (user) => (
      <span className="hr-actions">
        <Button
          type="text"
          icon={<EditOutlined />}
          aria-label={t("edit_of", { name: user.name })}
          onClick={() => edit(user)}
          data-testid={`edit-${user.login}`}
        />
        {operate && (
          <Button
            type="text"
            icon={<SwapOutlined />}
            aria-label={t("people:handover.title", { name: user.name })}
            title={t("people:handover.button")}
            onClick={() => handOver(user)}
            data-testid={`handover-${user.login}`}
          />
        )}
        <Activation user={user} />
      </span>
    ),
  };
  return [...columns, actions];
}

function Activation({ user }: { user: Person }) {
  const { t } = useTranslation("admin");
  const { message } = App.useApp();
  const textOf = useErrorText();
  const queries = useQueryClient();
  const change = async (active: boolean) => {
    try {
      await api.patch(`/api/users/${user.id}`, { active });
    } catch (error) {
      message.error(textOf(error));
    }
    await queries.invalidateQueries({ queryKey: ["/api/users"] });
  };
  if (!user.active) {
    return (
      <Button type="text" onClick={() => change(true)} data-testid={`activate-${user.login}`}>
        {t("users.activate")}
      </Button>
    );
  }
  return (
    <ConfirmButton
      type="text"
      danger
      title={t("users.deactivate_title", { name: user.name })}
      text={t("users.deactivate_text")}
      confirmLabel={t("users.deactivate")}
      onConfirm={() => change(false)}
      data-testid={`deactivate-${user.login}`}
    >
      {t("users.deactivate")}
    </ConfirmButton>
  );
}
