// Who: people, roles, the one who started it, or whoever the data name. Any number of them.

import { DeleteOutlined, PlusOutlined, TeamOutlined, UserOutlined } from "@ant-design/icons";
import { Button, Select } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { usePeople, useRoles } from "../remote";
import { CodeInput } from "./CodeInput";
import { type FieldProps, testIdOf, useForm } from "./context";

interface Assignee {
  kind: "user" | "role" | "initiator" | "expression";
  id?: string;
  value?: string;
}

export function AssigneesField({ path, value, onChange, label }: FieldProps) {
  const { t } = useTranslation("editor");
  const { words, disabled, variables, sample } = useForm();
  const roles = useRoles();
  const people = usePeople();
  const [search, setSearch] = useState("");
  const list = (Array.isArray(value) ? value : []) as Assignee[];
  const set = (next: Assignee[]) => onChange(next);
  const named = list.filter((each) => each.kind !== "expression");
  const computed = list.filter((each) => each.kind === "expression");

  const options = [
    {
      label: t("assignee.roles"),
      options: roles.map((role) => ({
        value: `role:${role.key}`,
        label: words.text(role.title) || role.key,
        search: `${role.key} ${Object.values(role.title).join(" ")}`,
        icon: <TeamOutlined />,
      })),
    },
    {
      label: t("assignee.others"),
      options: [
        {
          value: "initiator:",
          label: t("assignee.initiator"),
          search: t("assignee.initiator"),
          icon: <UserOutlined />,
        },
      ],
    },
    {
      label: t("assignee.people"),
      options: people.map((person) => ({
        value: `user:${person.login}`,
        label: person.name || person.login,
        search: `${person.login} ${person.name}`,
        icon: <UserOutlined />,
      })),
    },
  ];
  const keyOf = (each: Assignee) => {
    const person = each.kind === "user" && people.find((one) => one.id === each.id);
    return `${each.kind}:${person ? person.login : (each.id ?? "")}`;
  };
  const labelOf = (key: string) => {
    const [kind = "", id = ""] = key.split(/:(.*)/);
    if (kind === "initiator") return t("assignee.initiator");
    if (kind === "role") return t("assignee.is_role", { name: words.roleOf?.(id) ?? id });
    return words.userOf?.(id) ?? id;
  };
  return (
    <div className="hr-assignees">
      <Select
        mode="multiple"
        className="hr-wide"
        value={named.map(keyOf)}
        options={options}
        showSearch={{
          searchValue: search,
          onSearch: setSearch,
          filterOption: (typed, option) =>
            String((option as { search?: string } | undefined)?.search ?? "")
              .toLowerCase()
              .includes(typed.toLowerCase()),
        }}
        labelRender={({ value: key }) => labelOf(String(key))}
        optionRender={({ label: name, data }) => (
          <span className="hr-option-with-icon">
            {(data as { icon?: React.ReactNode }).icon} {name}
          </span>
        )}
        placeholder={t("assignee.choose")}
        onChange={(keys: string[]) => {
          setSearch("");
          set([
            ...keys.map((key) => named.find((each) => keyOf(each) === key) ?? assigneeOf(key)),
            ...computed,
          ]);
        }}
        // Tab goes on to the next field; antd would choose the marked person on the way.
        onInputKeyDown={(event) => event.key === "Tab" && event.stopPropagation()}
        disabled={disabled}
        data-testid={testIdOf(path)}
        aria-label={label}
      />
      {computed.map((each, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the place is the only name of an expression
        <div key={index} className="hr-e-row">
          <CodeInput
            kind="expression"
            value={each.value ?? ""}
            onChange={(next) =>
              set([
                ...named,
                ...computed.map((old, at) => (at === index ? { ...old, value: next } : old)),
              ])
            }
            label={t("assignee.expression")}
            placeholder="order.owner"
            variables={variables}
            sample={sample}
            disabled={disabled}
            testId={`${testIdOf(path)}.expression.${index}`}
          />
          <Button
            type="text"
            icon={<DeleteOutlined />}
            aria-label={t("action.remove")}
            disabled={disabled}
            onClick={() => set([...named, ...computed.filter((_, at) => at !== index)])}
          />
        </div>
      ))}
      <Button
        type="link"
        size="small"
        icon={<PlusOutlined />}
        disabled={disabled}
        onClick={() => set([...list, { kind: "expression", value: "" }])}
        data-testid={`${testIdOf(path)}.add-expression`}
      >
        {t("assignee.add_expression")}
      </Button>
    </div>
  );
}

function assigneeOf(key: string): Assignee {
  const [kind = "user", id = ""] = key.split(/:(.*)/);
  return kind === "initiator" ? { kind } : { kind: kind as "user" | "role", id };
}
