// A record as a form: a new one, or one that is changed. What the server finds wrong stands at its field.

import { Button } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { ApiError, api } from "../../api/client";
import { problemText, useErrorText } from "../../ui/errorText";
import { Sheet } from "../../ui/Sheet";
import { useText } from "../../ui/text";
import { FieldInput } from "./FieldInput";
import { type Field, fromTyped, type Row, type TableDetail, titleOf, typedValue } from "./table";

interface RecordFormProps {
  table: TableDetail;
  row?: Row | undefined;
  onClose: () => void;
  onDone: (row: Row) => void;
}

export function RecordForm({ table, row, onClose, onDone }: RecordFormProps) {
  const { t } = useTranslation(["tables", "app", "errors"]);
  const { language, text } = useText();
  const textOf = useErrorText();
  const fields = table.definition.fields.filter((field) => !field.hidden);
  const [typed, setTyped] = useState<Record<string, string>>(() => begin(fields, row));
  const [touched, setTouched] = useState<ReadonlySet<string>>(new Set());
  const [wrong, setWrong] = useState<Record<string, string>>({});
  const [error, setError] = useState("");
  const [busy, setBusy] = useState(false);
  const save = async () => {
    const values: Record<string, unknown> = {};
    for (const field of fields) {
      if (row && !touched.has(field.name)) continue;
      const value = fromTyped(field, typed[field.name] ?? "");
      if (row || value !== null) values[field.name] = value;
    }
    setBusy(true);
    try {
      const path = `/api/tables/${table.key}/records`;
      const done = row
        ? await api.patch<Row>(`${path}/${row.id}`, { values, rev: row.rev })
        : await api.post<Row>(path, { values });
      onDone(done);
    } catch (found) {
      setBusy(false);
      const told: Record<string, string> = {};
      if (found instanceof ApiError) {
        for (const problem of found.problems) {
          told[problem.path.split("/")[1] ?? ""] = problemText(t, problem);
        }
      }
      setWrong(told);
      const first = fields.find((field) => told[field.name]);
      setError(first ? t("mend_fields") : textOf(found));
      document.getElementById(`field-${first?.name}`)?.scrollIntoView({ block: "center" });
    }
  };
  return (
    <Sheet
      wide
      title={row ? t("edit_record", { name: row.title }) : t("new_record")}
      onClose={onClose}
      foot={
        <>
          <Button onClick={onClose}>{t("app:action.cancel")}</Button>
          <Button
            type="primary"
            loading={busy}
            onClick={() => void save()}
            data-testid="btn-save-record"
          >
            {t("app:action.save")}
          </Button>
        </>
      }
    >
      <form
        className="hr-tables-form"
        onSubmit={(event) => {
          event.preventDefault();
          void save();
        }}
      >
        {error && (
          <p role="alert" className="hr-tables-wrong">
            {error}
          </p>
        )}
        {fields.map((field) => (
          <div key={field.name} id={`field-${field.name}`} className="hr-tables-field">
            <span className="hr-tables-label" aria-hidden>
              {titleOf(field, language)}
              {field.required && <b className="hr-tables-must"> *</b>}
            </span>
            <FieldInput
              field={field}
              value={typed[field.name] ?? ""}
              onChange={(value) => {
                setTyped({ ...typed, [field.name]: value });
                setTouched(new Set([...touched, field.name]));
              }}
              invalid={Boolean(wrong[field.name])}
              describedBy={`help-${field.name}`}
              testId={`input-${field.name}`}
            />
            <small
              id={`help-${field.name}`}
              className={wrong[field.name] ? "hr-tables-wrong" : "hr-muted"}
            >
              {wrong[field.name] ?? text(field.help)}
            </small>
          </div>
        ))}
      </form>
    </Sheet>
  );
}

function begin(fields: Field[], row?: Row): Record<string, string> {
  const values = row ? row.value : Object.fromEntries(fields.map((f) => [f.name, f.default]));
  return Object.fromEntries(fields.map((f) => [f.name, typedValue(f, values[f.name])]));
}
