// Roles: those of the system give permissions, business roles say who gets which tasks.

import { DeleteOutlined, EditOutlined, PlusOutlined, TeamOutlined } from "@ant-design/icons";
import { Button } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useList } from "../../api/list";
import { useMay } from "../../api/session";
import type { Role } from "../../api/types";
import { useRemove } from "../../api/useRemove";
import { RolePeople } from "../../directory/RolePeople";
import { ConfirmButton } from "../../ui/ConfirmButton";
import { Card, ErrorState, Loading, PageBody, PageHeader } from "../../ui/page";
import { Tag } from "../../ui/StatusTag";
import { useText } from "../../ui/text";
import { Gaps } from "./Gaps";
import { RoleDialog } from "./RoleDialogs";
import { Rules } from "./Rules";
import "./roles.css";

type Open = { kind: "new" } | { kind: "title" | "members"; role: Role };

export default function Roles() {
  const { t } = useTranslation(["admin", "organisation", "people"]); // those of the dialog too
  const write = useMay()("users:write");
  const [open, setOpen] = useState<Open | null>(null);
  const { rows, error, onRetry } = useList<Role>("/api/roles");
  const close = () => setOpen(null);
  return (
    <>
      <PageHeader
        title={t("roles.title")}
        subtitle={t("roles.subtitle")}
        {...(write
          ? {
              actions: (
                <Button
                  type="primary"
                  icon={<PlusOutlined />}
                  onClick={() => setOpen({ kind: "new" })}
                  data-testid="btn-new-role"
                >
                  {t("roles.create")}
                </Button>
              ),
            }
          : {})}
      />
      <PageBody>
        {rows === undefined ? (
          error ? (
            <ErrorState error={error} onRetry={onRetry} />
          ) : (
            <Loading tall />
          )
        ) : (
          <div className="hr-stack">
            <Gaps {...(write ? { onMend: (key) => setOpen(memberOf(rows, key)) } : {})} />
            <Rules write={write} />
            {[false, true].map((system) => (
              <Group
                key={String(system)}
                system={system}
                roles={rows}
                write={write}
                onOpen={setOpen}
              />
            ))}
          </div>
        )}
      </PageBody>
      {open?.kind === "new" && <RoleDialog edited={null} onClose={close} />}
      {open?.kind === "title" && <RoleDialog edited={open.role} onClose={close} />}
      {open?.kind === "members" && <RolePeople role={open.role.key} onClose={close} />}
    </>
  );
}

function memberOf(roles: Role[], key: string): Open | null {
  const role = roles.find((each) => each.key === key);
  return role === undefined ? null : { kind: "members", role };
}

interface GroupProps {
  system: boolean;
  roles: Role[];
  write: boolean;
  onOpen: (open: Open) => void;
}

function Group({ system, roles, write, onOpen }: GroupProps) {
  const { t } = useTranslation("admin");
  const own = roles.filter((role) => role.system === system);
  return (
    <Card title={t(system ? "roles.system" : "roles.business")}>
      <p className="hr-muted">{t(system ? "roles.system_text" : "roles.business_text")}</p>
      {own.length === 0 && <p className="hr-role">{t("roles.none")}</p>}
      <ul>
        {own.map((role) => (
          <li key={role.key} className="hr-role" data-testid={`role-${role.key}`}>
            <RoleRow role={role} write={write} onOpen={onOpen} />
          </li>
        ))}
      </ul>
    </Card>
  );
}

function RoleRow({
  role,
  write,
  onOpen,
}: {
  role: Role;
  write: boolean;
  onOpen: (open: Open) => void;
}) {
  const { t } = useTranslation("admin");
  const { text } = useText();
  const members = role.members ?? [];
  const name = text(role.title);
  return (
    <>
      <div className="hr-role-name">
        <strong>{name}</strong> <code className="hr-muted">{role.key}</code>
        {role.system ? (
          <Members people={members} none={t("roles.no_members")} />
        ) : (
          <dl className="hr-role-people">
            <dt>{t("roles.primary")}</dt>
            <dd>
              <Members people={role.primary ?? members} none={t("roles.no_members")} missing />
            </dd>
            <dt>{t("roles.backup")}</dt>
            <dd>
              <Members people={role.backup ?? []} none={t("roles.no_backup")} missing />
            </dd>
          </dl>
        )}
      </div>
      {write && (
        <span className="hr-actions">
          <Button
            icon={<TeamOutlined />}
            onClick={() => onOpen({ kind: "members", role })}
            data-testid={`members-${role.key}`}
          >
            {t(role.system ? "roles.members" : "roles.people")}
          </Button>
          {!role.system && (
            <>
              <Button
                type="text"
                icon={<EditOutlined />}
                aria-label={t("edit_of", { name })}
                onClick={() => onOpen({ kind: "title", role })}
              />
              <Delete role={role} name={name} />
            </>
          )}
        </span>
      )}
    </>
  );
}

interface MembersProps {
  people: NonNullable<Role["members"]>;
  none: string;
  /** Nobody here is something to look after. */
  missing?: boolean;
}

function Members({ people, none, missing = false }: MembersProps) {
  const { t } = useTranslation("admin");
  return (
    <div className="hr-row hr-role-members">
      {people.length === 0 &&
        (missing ? <Tag tone="warn">{none}</Tag> : <span className="hr-muted">{none}</span>)}
      {people.map((member) =>
        typeof member === "string" ? (
          <Tag key={member}>{member}</Tag>
        ) : (
          <Tag key={member.id} tone={member.active === false ? "error" : "neutral"}>
            {member.name}
            {member.active === false && ` · ${t("roles.inactive")}`}
          </Tag>
        ),
      )}
    </div>
  );
}

function Delete({ role, name }: { role: Role; name: string }) {
  const { t } = useTranslation(["admin", "app"]);
  const remove = useRemove("/api/roles", t("roles.in_use"));
  return (
    <ConfirmButton
      type="text"
      danger
      icon={<DeleteOutlined />}
      aria-label={t("delete_of", { name })}
      title={t("roles.delete_title", { name })}
      text={t("roles.delete_text")}
      confirmLabel={t("app:action.delete")}
      onConfirm={() => remove(role.key)}
    />
  );
}
