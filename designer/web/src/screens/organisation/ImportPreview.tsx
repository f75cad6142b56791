// What a file would change: counts to filter by, a row for each person in the colour of what becomes of them.

import { Button, type ButtonProps, Checkbox, Modal } from "antd";
import type { TFunction } from "i18next";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api } from "../../api/client";
import { useList } from "../../api/list";
import type { Role } from "../../api/types";
import { type Column, DataTable } from "../../ui/DataTable";
import { problemText } from "../../ui/errorText";
import { Card } from "../../ui/page";
import { Segments } from "../../ui/Segments";
import { Tag, type Tone } from "../../ui/StatusTag";
import { Trouble } from "../../ui/Trouble";
import { useText } from "../../ui/text";
import {
  type Applied,
  type Change,
  type ImportRow,
  type Preview,
  type RowState,
  STATES,
  valueText,
} from "./importing";

const TONES: Record<RowState, Tone> = {
  new: "ok",
  changed: "info",
  left: "warn",
  same: "neutral",
  error: "error",
};

const CONFIRM = { "data-testid": "btn-confirm-apply" } as ButtonProps;

interface PreviewProps {
  name: string;
  preview: Preview;
  onCancel: () => void;
  onApplied: (result: Applied) => void;
}

export function ImportPreview({ name, preview, onCancel, onApplied }: PreviewProps) {
  const { t } = useTranslation(["organisation", "app"]);
  const count = (state: RowState) => preview.counts[state] ?? 0;
  const [state, setState] = useState<RowState | "">(count("error") > 0 ? "error" : "");
  const [leaveMissing, setLeaveMissing] = useState(false);
  const [asking, setAsking] = useState(false);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const list = useList<ImportRow>(`/api/organisation/import/${preview.id}`, { state });
  const left = count("left") - (leaveMissing ? 0 : preview.missing);
  const changes = count("new") + count("changed") + left;
  const apply = async () => {
    setBusy(true);
    setError(null);
    try {
      const result = await api.post<Applied>(`/api/organisation/import/${preview.id}/apply`, {
        leave_missing: leaveMissing,
      });
      onApplied(result);
    } catch (trouble) {
      setError(trouble);
      setBusy(false);
    } finally {
      setAsking(false);
    }
  };
  const shown = STATES.filter((each) => count(each) > 0);
  return (
    <div className="hr-stack" data-testid="import-preview">
      <Card
        title={t("import.preview", { name })}
        actions={
          <Button onClick={onCancel} data-testid="btn-another-file">
            {t("import.cancel")}
          </Button>
        }
      >
        <div className="hr-stack">
          <div>
            <Segments
              label={t("import.filter")}
              options={[
                { value: "" as const, title: t("import.all", { count: preview.total }) },
                ...shown.map((each) => ({
                  value: each,
                  title: t(`import.${each}`, { count: count(each) }),
                })),
              ]}
              value={state}
              onChange={setState}
              testId="rows"
            />
          </div>
          {count("error") > 0 && <p className="hr-tone-error">{t("import.has_errors")}</p>}
          {[...preview.departments, ...preview.posts].length > 0 && (
            <div className="hr-row" data-testid="import-makes">
              <span className="hr-muted">{t("import.makes")}</span>
              {preview.departments.map((each) => (
                <Tag key={each} tone="ok">
                  {t("departments.name_of", { name: each })}
                </Tag>
              ))}
              {preview.posts.map((each) => (
                <Tag key={each} tone="ok">
                  {t("posts.name_of", { name: each })}
                </Tag>
              ))}
            </div>
          )}
          {preview.missing > 0 && (
            <Checkbox
              checked={leaveMissing}
              onChange={(event) => setLeaveMissing(event.target.checked)}
              data-testid="leave-missing"
            >
              {t("import.leave_missing", { count: preview.missing })}
              <small className="hr-muted hr-org-block">{t("import.leave_missing_help")}</small>
            </Checkbox>
          )}
        </div>
      </Card>
      <DataTable
        label={t("import.preview", { name })}
        columns={useColumns()}
        {...list}
        rowKey={(row) => `${row.row} ${row.login}`}
        testId={(row) => `import-row-${row.login || row.row}`}
        empty={<p className="hr-org-none hr-muted">{t("import.none_here")}</p>}
      />
      {error !== null && <Trouble error={error} />}
      <div className="hr-rota-save">
        <span data-testid="import-sum">
          {changes === 0
            ? t("import.nothing")
            : t("import.confirm_text", { new: count("new"), changed: count("changed"), left })}
        </span>
        <Button
          type="primary"
          size="large"
          disabled={changes === 0}
          onClick={() => setAsking(true)}
          data-testid="btn-apply"
        >
          {t("import.apply", { count: changes })}
        </Button>
      </div>
      {asking && (
        <Modal
          open
          title={t("import.confirm_title")}
          onCancel={() => setAsking(false)}
          okText={t("import.apply", { count: changes })}
          cancelText={t("app:action.cancel")}
          confirmLoading={busy}
          okButtonProps={{ danger: left > 0, ...CONFIRM }}
          onOk={apply}
        >
          <p>{t("import.confirm_text", { new: count("new"), changed: count("changed"), left })}</p>
        </Modal>
      )}
    </div>
  );
}

function useColumns(): Column<ImportRow>[] {
  const { t } = useTranslation(["organisation", "errors"]);
  return [
    {
      key: "person",
      title: t("import.person"),
      render: (row) => (
        <span>
          {row.name || row.login || "–"}
          <small className="hr-muted hr-org-block">
            {row.login}
            {row.row !== null && ` · ${t("import.row")} ${row.row}`}
          </small>
        </span>
      ),
    },
    {
      key: "state",
      title: t("import.result"),
      phone: "corner",
      width: 120,
      render: (row) => <Tag tone={TONES[row.state]}>{t(`import.state.${row.state}`)}</Tag>,
    },
    {
      key: "changes",
      title: t("import.changes"),
      render: (row) => (
        <ul className="hr-org-changes">
          {row.errors.map((found) => (
            <li key={`${found.field}${found.code}`} className="hr-tone-error">
              {found.field && (
                <strong>
                  {fieldName(found.field, t as TFunction<"organisation">)}
                  {t("colon")}
                </strong>
              )}
              {problemText(t, found)}
            </li>
          ))}
          {row.changes.map((change) => (
            <ChangeLine key={change.field} change={change} fresh={row.state === "new"} />
          ))}
          {row.errors.length === 0 && row.changes.length === 0 && <li className="hr-muted">–</li>}
        </ul>
      ),
    },
  ];
}

function ChangeLine({ change, fresh }: { change: Change; fresh: boolean }) {
  const { t } = useTranslation(["organisation", "app"]);
  const { text } = useText();
  const roles = useList<Role>("/api/roles").rows ?? [];
  const nameOf = (value: unknown): string => {
    if (typeof value === "boolean") return t(value ? "app:word.yes" : "app:word.no");
    if (Array.isArray(value)) return value.map(nameOf).join(t("comma"));
    if (!["roles", "backups"].includes(change.field)) return valueText(value);
    return text(roles.find(({ key }) => key === value)?.title) || valueText(value);
  };
  const none = t("import.nothing_before");
  // That somebody new is there and heads nothing goes without saying.
  if (fresh && (change.after === true || change.after === false)) return null;
  return (
    <li>
      <span className="hr-muted">{fieldName(change.field, t as TFunction<"organisation">)}</span>{" "}
      {!fresh && (
        <>
          <del>{nameOf(change.before) || none}</del> →{" "}
        </>
      )}
      <ins>{nameOf(change.after) || none}</ins>
    </li>
  );
}

function fieldName(field: string, t: TFunction<"organisation">): string {
  return t(`organisation:import.field.${field}`, { defaultValue: field });
}
