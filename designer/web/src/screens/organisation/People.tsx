// Everybody, with where they belong: departments, posts, superior, roles, what waits for them, and whether they are there.

import { PlusOutlined } from "@ant-design/icons";
import { useQueryClient } from "@tanstack/react-query";
import { Button } from "antd";
import { Suspense, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useSearchParams } from "react-router";
import { useList } from "../../api/list";
import { useMay } from "../../api/session";
import type { Role } from "../../api/types";
import { type Column, DataTable } from "../../ui/DataTable";
import { lazy } from "../../ui/lazy";
import { EmptyState } from "../../ui/page";
import { SearchField } from "../../ui/SearchField";
import { Segments } from "../../ui/Segments";
import { StatusTag, Tag } from "../../ui/StatusTag";
import { useText } from "../../ui/text";
import { exactDate } from "../../ui/time";
import { useDelayed } from "../../ui/useDelayed";
import { Frame } from "./Frame";
import { type Member, useDepartments, usePosts } from "./organisation";
import { PersonDialog } from "./PersonDialog";
import { rowsOf } from "./tree";

const HandoverSheet = lazy(async () => ({
  default: (await import("../../people/HandoverSheet")).HandoverSheet,
}));

const STATES = ["", "active", "away", "left"] as const;
type State = (typeof STATES)[number];

export default function People() {
  const { t } = useTranslation(["organisation", "app"]);
  const write = useMay()("users:write");
  const [params, setParams] = useSearchParams();
  const [typed, setTyped] = useState("");
  const [editing, setEditing] = useState<Member | null>(null);
  const [handing, setHanding] = useState<Member | null>(null);
  const queries = useQueryClient();
  const filter = (name: string) => params.get(name) ?? "";
  const set = (name: string, value: string) =>
    setParams(
      (before) => {
        const next = new URLSearchParams(before);
        value === "" ? next.delete(name) : next.set(name, value);
        return next;
      },
      { replace: true },
    );
  const list = useList<Member>("/api/people", {
    search: useDelayed(typed),
    department: filter("department"),
    deep: filter("department") === "" ? "" : "true",
    post: filter("post"),
    role: filter("role"),
    state: filter("state"),
  });
  const roles = useList<Role>("/api/roles").rows ?? [];
  const columns = useColumns(roles);
  return (
    <Frame
      part="people"
      {...(write
        ? {
            actions: (
              <Link to="/users?new=1">
                <Button type="primary" icon={<PlusOutlined />} tabIndex={-1}>
                  {t("people.new")}
                </Button>
              </Link>
            ),
          }
        : {})}
    >
      <div className="hr-bar hr-org-bar">
        <SearchField label={t("people.search")} value={typed} onChange={setTyped} />
        <Segments
          label={t("people.filter_state")}
          options={STATES.map((state) => ({
            value: state,
            title: t(`people.${state || "everybody"}`),
          }))}
          value={filter("state") as State}
          onChange={(state) => set("state", state)}
          testId="state"
        />
        <Filters filter={filter} set={set} roles={roles} />
      </div>
      <DataTable
        label={t("people.title")}
        columns={columns}
        {...list}
        rowKey={(person) => person.id}
        testId={(person) => `person-${person.login}`}
        {...(write ? { onOpen: setEditing } : {})}
        empty={<EmptyState title={t("people.none")} text={t("people.none_text")} />}
      />
      {handing !== null && (
        <Suspense fallback={null}>
          <HandoverSheet
            person={handing}
            open={handing.open_tasks ?? null}
            onClose={() => {
              setHanding(null);
              void queries.invalidateQueries({ queryKey: ["/api/people"] });
            }}
          />
        </Suspense>
      )}
      {editing !== null && (
        <PersonDialog
          person={editing}
          onHandover={() => {
            setHanding(editing);
            setEditing(null);
          }}
          onClose={() => setEditing(null)}
          onSaved={() => void queries.invalidateQueries({ queryKey: ["/api/people"] })}
        />
      )}
    </Frame>
  );
}

interface FiltersProps {
  filter: (name: string) => string;
  set: (name: string, value: string) => void;
  roles: Role[];
}

function Filters({ filter, set, roles }: FiltersProps) {
  const { t } = useTranslation("organisation");
  const { text } = useText();
  const departments = rowsOf(useDepartments().data?.items ?? [], new Set());
  const posts = usePosts().data?.items ?? [];
  const choices: [string, string, { value: string; title: string }[]][] = [
    [
      "department",
      t("people.any_department"),
      departments.map(({ node, level }) => ({
        value: node.id,
        title: `${"　".repeat(level)}${node.name}`,
      })),
    ],
    ["post", t("people.any_post"), posts.map(({ id, name }) => ({ value: id, title: name }))],
    [
      "role",
      t("people.any_role"),
      roles.map((role) => ({ value: role.key, title: text(role.title) || role.key })),
    ],
  ];
  return (
    <>
      {choices
        .filter(([, , options]) => options.length > 0)
        .map(([name, any, options]) => (
          <select
            key={name}
            className="hr-org-select"
            value={filter(name)}
            onChange={(event) => set(name, event.target.value)}
            aria-label={t(`people.filter_${name}`)}
            data-testid={`filter-${name}`}
          >
            <option value="">{any}</option>
            {options.map(({ value, title }) => (
              <option key={value} value={value}>
                {title}
              </option>
            ))}
          </select>
        ))}
    </>
  );
}

function useColumns(roles: Role[]): Column<Member>[] {
  const { t } = useTranslation("organisation");
  const { text } = useText();
  const titleOf = (key: string) => text(roles.find((role) => role.key === key)?.title) || key;
  return [
    {
      key: "name",
      title: t("people.name"),
      render: (person) => <span className="hr-nowrap">{person.name}</span>,
    },
    {
      key: "state",
      title: t("people.state"),
      phone: "corner",
      render: (person) => <State person={person} />,
    },
    {
      key: "departments",
      title: t("people.departments"),
      render: (person) => <Some names={person.departments.map(({ name }) => name)} />,
    },
    {
      key: "posts",
      title: t("people.posts"),
      render: (person) => <Some names={person.posts.map(({ name }) => name)} />,
    },
    {
      key: "supervisor",
      title: t("people.supervisor"),
      render: (person) => (
        <Some names={person.supervisor === null ? [] : [person.supervisor.name]} />
      ),
    },
    {
      key: "roles",
      title: t("people.roles"),
      phone: "hidden",
      render: (person) => (
        <span className="hr-row">
          {person.roles.length === 0 && <span className="hr-muted">–</span>}
          {person.roles.map((role) => (
            <Tag key={role}>{titleOf(role)}</Tag>
          ))}
        </span>
      ),
    },
    {
      key: "tasks",
      title: t("people.tasks"),
      align: "right",
      render: (person) => person.open_tasks ?? <span className="hr-muted">–</span>,
    },
  ];
}

function Some({ names }: { names: string[] }) {
  const { t } = useTranslation("organisation");
  return names.length === 0 ? <span className="hr-muted">–</span> : names.join(t("comma"));
}

function State({ person }: { person: Member }) {
  const { t } = useTranslation("organisation");
  const { language } = useText();
  if (!person.active) {
    return <StatusTag status="inactive">{t("people.left")}</StatusTag>;
  }
  if (person.away) {
    const { until, substitute } = person.away;
    const when = until === null ? "" : t("people.until", { date: exactDate(until, language) });
    return (
      <span title={when}>
        <StatusTag status="suspended">
          {substitute ? t("people.away_with", { name: substitute.name }) : t("people.away")}
        </StatusTag>
      </span>
    );
  }
  return <StatusTag status="active">{t("people.active")}</StatusTag>;
}
