// One field of many records at once; what it will do is said before it is done.

import { Button, Select } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { ApiError, api } from "../../api/client";
import { useErrorText } from "../../ui/errorText";
import { Sheet } from "../../ui/Sheet";
import { useText } from "../../ui/text";
import { FieldInput } from "./FieldInput";
import { type Field, fromTyped, popupIn, type TableDetail, titleOf } from "./table";

interface BulkEditProps {
  table: TableDetail;
  ids: number[];
  onClose: () => void;
  onDone: (changed: number) => void;
}

export function BulkEdit({ table, ids, onClose, onDone }: BulkEditProps) {
  const { t } = useTranslation(["tables", "app"]);
  const { language } = useText();
  const textOf = useErrorText();
  const fields = table.definition.fields.filter(
    (field) => !field.hidden && !field.unique && field.name !== table.definition.key_field,
  );
  const [name, setName] = useState(fields[0]?.name ?? "");
  const [typed, setTyped] = useState("");
  const [error, setError] = useState("");
  const [busy, setBusy] = useState(false);
  const field = fields.find((one) => one.name === name) as Field | undefined;
  const save = async () => {
    if (!field) return;
    setBusy(true);
    try {
      const done = await api.post<{ changed: number }>(`/api/tables/${table.key}/change`, {
        ids,
        values: { [name]: fromTyped(field, typed) },
      });
      onDone(done.changed);
    } catch (found) {
      const first = found instanceof ApiError ? found.problems[0] : undefined;
      setError(first?.message ?? textOf(found));
      setBusy(false);
    }
  };
  return (
    <Sheet
      title={t("bulk_edit")}
      onClose={onClose}
      foot={
        <>
          <Button onClick={onClose}>{t("app:action.cancel")}</Button>
          <Button
            type="primary"
            disabled={!field}
            loading={busy}
            onClick={() => void save()}
            data-testid="btn-bulk-save"
          >
            {t("bulk_save", { count: ids.length })}
          </Button>
        </>
      }
    >
      <div className="hr-tables-form">
        <Select
          getPopupContainer={popupIn}
          aria-label={t("field")}
          value={name}
          onChange={(next: string) => {
            setName(next);
            setTyped("");
          }}
          options={fields.map((one) => ({ value: one.name, label: titleOf(one, language) }))}
          data-testid="bulk-field"
        />
        {field && (
          <FieldInput field={field} value={typed} onChange={setTyped} testId="bulk-value" />
        )}
        <p className="hr-muted">
          {typed.trim()
            ? t("bulk_text", { count: ids.length })
            : t("bulk_empty", { count: ids.length })}
        </p>
        {error && (
          <p role="alert" className="hr-tables-wrong">
            {error}
          </p>
        )}
      </div>
    </Sheet>
  );
}
