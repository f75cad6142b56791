// Make a department or change it: its name, where it belongs, who heads it.

import { useQueryClient } from "@tanstack/react-query";
import { App } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api } from "../../api/client";
import { PeoplePicker } from "../../people/PeoplePicker";
import { Dialog, Line } from "./Dialog";
import type { Department } from "./organisation";
import { isBelow, rowsOf } from "./tree";

interface DepartmentDialogProps {
  department: Department | null;
  parent: string | null;
  departments: Department[];
  onClose: () => void;
  onSaved: (id: string) => void;
}

export function DepartmentDialog(props: DepartmentDialogProps) {
  const { department, departments, onClose, onSaved } = props;
  const { t } = useTranslation(["organisation", "app"]);
  const { message } = App.useApp();
  const queries = useQueryClient();
  const [name, setName] = useState(department?.name ?? "");
  const [parent, setParent] = useState(props.parent);
  const [heads, setHeads] = useState(department?.heads.map(({ id }) => id) ?? []);
  const save = async () => {
    const body = { name: name.trim(), parent_id: parent, heads };
    const saved = department
      ? await api.patch<Department>(`/api/departments/${department.id}`, body)
      : await api.post<Department>("/api/departments", body);
    await queries.invalidateQueries({ queryKey: ["/api/departments"] });
    message.success(t("app:state.saved"));
    onSaved(saved.id);
  };
  const allowed = rowsOf(departments, new Set()).filter(
    ({ node }) => department === null || !isBelow(departments, node.id, department.id),
  );
  return (
    <Dialog
      title={department ? t("departments.edit", { name: department.name }) : t("departments.new")}
      lacks={name.trim() === "" ? t("departments.lacks_name") : ""}
      onSave={save}
      onClose={onClose}
      testId="department-dialog"
    >
      <Line label={t("departments.name")}>
        <input
          value={name}
          maxLength={100}
          required
          autoFocus
          onChange={(event) => setName(event.target.value)}
          data-testid="field-name"
        />
      </Line>
      <Line label={t("departments.parent")}>
        <select
          value={parent ?? ""}
          onChange={(event) => setParent(event.target.value || null)}
          data-testid="field-parent"
        >
          <option value="">{t("departments.root")}</option>
          {allowed.map(({ node, level }) => (
            <option key={node.id} value={node.id}>
              {"　".repeat(level)}
              {node.name}
            </option>
          ))}
        </select>
      </Line>
      <PeoplePicker
        label={t("departments.heads")}
        value={heads}
        known={department?.heads ?? []}
        onChange={setHeads}
        testId="field-heads"
      />
    </Dialog>
  );
}
