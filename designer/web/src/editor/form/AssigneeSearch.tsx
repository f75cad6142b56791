// One field to find whoever may decide: the usual rules, roles, people, posts, departments, rotas, or the data.

import { useQuery } from "@tanstack/react-query";
import { Select } from "antd";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { api, query } from "../../api/client";
import { useMay } from "../../api/session";
import type { Page, Person } from "../../api/types";
import { useDelayed } from "../../ui/useDelayed";
import { type Assignee, type AssigneeKind, newAssignee } from "../approval/assignee";
import { useDepartments, usePeople, usePosts, useRoles, useRotas } from "../remote";
import { ASSIGNEE_ICONS } from "./assigneeIcons";
import { useForm } from "./context";

const FOUND_MAX = 30;

interface Option {
  value: string;
  label: string;
  search: string;
  icon: ReactNode;
}

interface SearchProps {
  label: string;
  testId: string;
  disabled: boolean;
  onAdd: (assignee: Assignee) => void;
}

export function AssigneeSearch({ label, testId, disabled, onAdd }: SearchProps) {
  const { t } = useTranslation("editor");
  const [typed, setTyped] = useState("");
  const [open, setOpen] = useState(false);
  const groups = useGroups(typed, open);
  return (
    <Select
      className="hr-wide"
      value={null}
      open={open}
      onOpenChange={setOpen}
      options={groups}
      showSearch={{
        searchValue: typed,
        onSearch: setTyped,
        filterOption: (wanted, option) =>
          String((option as { search?: string } | undefined)?.search ?? "")
            .toLowerCase()
            .includes(wanted.toLowerCase()),
      }}
      optionRender={({ label: name, data }) => (
        <span className="hr-option-with-icon">
          {(data as { icon?: ReactNode }).icon} {name}
        </span>
      )}
      placeholder={t("assignee.choose")}
      onChange={(key: string | null) => {
        setTyped("");
        if (key !== null) onAdd(assigneeBehind(key));
      }}
      // Tab goes on to the next field; antd would choose the marked person on the way.
      onInputKeyDown={(event) => event.key === "Tab" && event.stopPropagation()}
      disabled={disabled}
      data-testid={testId}
      aria-label={label}
    />
  );
}

function useGroups(typed: string, open: boolean) {
  const { t } = useTranslation("editor");
  const { words } = useForm();
  const roles = useRoles();
  const people = usePeople();
  const posts = usePosts(open);
  const departments = useDepartments(open);
  const rotas = useRotas(open);
  const found = useFound(typed);
  const icon = (kind: AssigneeKind) => {
    const Icon = ASSIGNEE_ICONS[kind];
    return <Icon />;
  };
  const option = (kind: AssigneeKind, id: string, name: string, more = ""): Option => ({
    value: `${kind}:${id}`,
    label: name,
    search: `${name} ${id} ${more}`,
    icon: icon(kind),
  });
  const rule = (kind: AssigneeKind, id = "") =>
    option(
      kind,
      id,
      kind === "initiator"
        ? t("assignee.initiator")
        : id === "chain"
          ? t("assignee.kind_superiors")
          : t(`assignee.kind_${kind}` as "assignee.kind_field"),
    );
  const everybody = [...people, ...found.filter((one) => !people.some(({ id }) => id === one.id))];
  const groups: [string, Option[]][] = [
    [
      "usual",
      [
        rule("initiator"),
        rule("supervisor"),
        rule("supervisor", "chain"),
        rule("department_head"),
        rule("chosen"),
      ],
    ],
    [
      "roles",
      roles.map((role) =>
        option(
          "role",
          role.key,
          words.text(role.title) || role.key,
          Object.values(role.title).join(" "),
        ),
      ),
    ],
    ["people", everybody.map((one) => option("user", one.login, one.name || one.login, one.login))],
    ["posts", posts.map((post) => option("post", post.key ?? post.id, words.text(post.name)))],
    [
      "departments",
      departments.map((each) => option("department", each.key ?? each.id, words.text(each.name))),
    ],
    ["rotas", rotas.map((rota) => option("rota", rota.key ?? rota.id, words.text(rota.name)))],
    ["from_data", [rule("field"), rule("expression")]],
  ];
  return groups
    .filter(([, options]) => options.length > 0)
    .map(([name, options]) => ({ label: t(`assignee.${name}` as "assignee.usual"), options }));
}

const NOBODY: Person[] = [];

/** People beyond those that are loaded anyway, found by the server. */
function useFound(typed: string): Person[] {
  const may = useMay();
  const search = useDelayed(typed.trim());
  const { data } = useQuery({
    enabled: search.length > 0 && may("users:read"),
    queryKey: ["users", "search", search],
    queryFn: ({ signal }) =>
      api.get<Page<Person>>(`/api/users${query({ search, limit: FOUND_MAX })}`, { signal }),
    staleTime: 60_000,
  });
  return data?.items ?? NOBODY;
}

function assigneeBehind(key: string): Assignee {
  const [kind = "user", id = ""] = key.split(/:(.*)/);
  const fresh = newAssignee(kind as AssigneeKind, id);
  return kind === "supervisor" && id === "chain" ? { ...fresh, level: 3, chain: true } : fresh;
}
