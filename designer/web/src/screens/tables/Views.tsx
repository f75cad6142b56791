// Saved views (filters, columns, order), and which columns are shown.

import { ControlOutlined, StarOutlined } from "@ant-design/icons";
import { useQueryClient } from "@tanstack/react-query";
import { App, Button, Checkbox, Dropdown, Input } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api } from "../../api/client";
import { useList } from "../../api/list";
import { useErrorText } from "../../ui/errorText";
import { Sheet } from "../../ui/Sheet";
import { useText } from "../../ui/text";
import { type Field, type TableDetail, titleOf, type View, type ViewContent } from "./table";

interface ViewsProps {
  table: TableDetail;
  fields: Field[];
  columns: string[] | undefined;
  content: ViewContent;
  onColumns: (names: string[] | null) => void;
  onChoose: (content: ViewContent) => void;
}

export function Views({ table, fields, columns, content, onColumns, onChoose }: ViewsProps) {
  const { t } = useTranslation(["tables", "app"]);
  const { language } = useText();
  const { modal, message } = App.useApp();
  const textOf = useErrorText();
  const queries = useQueryClient();
  const path = `/api/tables/${table.key}/views`;
  const views = useList<View>(path);
  const [choosing, setChoosing] = useState(false);
  const [saving, setSaving] = useState(false);
  const [title, setTitle] = useState("");
  const [shared, setShared] = useState(false);
  const refresh = () => queries.invalidateQueries({ queryKey: [path] });
  const save = async () => {
    try {
      await api.post<View>(path, { title, shared, content });
      setSaving(false);
      setTitle("");
      void refresh();
    } catch (error) {
      void message.error(textOf(error));
    }
  };
  const drop = (view: View) =>
    modal.confirm({
      title: t("drop_view", { name: view.title }),
      okText: t("app:action.delete"),
      okButtonProps: { danger: true },
      cancelText: t("app:action.cancel"),
      onOk: async () => {
        await api.delete(`${path}/${view.id}`);
        void refresh();
      },
    });
  const items = [
    { key: "all", label: t("view_all"), onClick: () => onChoose({}) },
    ...(views.rows ?? []).map((view) => ({
      key: view.id,
      label: (
        <span className="hr-tables-view">
          {view.title}
          {view.shared && <small className="hr-muted">{t("shared")}</small>}
          {view.may_change && (
            <button
              type="button"
              aria-label={t("drop_view", { name: view.title })}
              onClick={(event) => {
                event.stopPropagation();
                drop(view);
              }}
            >
              ×
            </button>
          )}
        </span>
      ),
      onClick: () => onChoose(view.content),
    })),
    { key: "save", label: t("save_view"), onClick: () => setSaving(true) },
  ];
  const names = columns ?? fields.map((field) => field.name);
  return (
    <>
      <Dropdown menu={{ items }} trigger={["click"]}>
        <Button icon={<StarOutlined />} data-testid="btn-views">
          {t("views")}
        </Button>
      </Dropdown>
      {!content.board && (
        <Button
          icon={<ControlOutlined />}
          onClick={() => setChoosing(true)}
          data-testid="btn-columns"
        >
          {t("columns")}
        </Button>
      )}
      {choosing && (
        <Sheet
          light
          title={t("columns")}
          onClose={() => setChoosing(false)}
          foot={<Button onClick={() => onColumns(null)}>{t("all_columns")}</Button>}
        >
          <div className="hr-tables-form">
            {fields.map((field) => (
              <Checkbox
                key={field.name}
                checked={names.includes(field.name)}
                onChange={(event) =>
                  onColumns(
                    fields
                      .map((one) => one.name)
                      .filter((name) =>
                        name === field.name ? event.target.checked : names.includes(name),
                      ),
                  )
                }
              >
                {titleOf(field, language)}
              </Checkbox>
            ))}
          </div>
        </Sheet>
      )}
      {saving && (
        <Sheet
          title={t("save_view")}
          onClose={() => setSaving(false)}
          foot={
            <Button type="primary" disabled={!title.trim()} onClick={() => void save()}>
              {t("app:action.save")}
            </Button>
          }
        >
          <div className="hr-tables-form">
            <Input
              autoFocus
              aria-label={t("view_title")}
              placeholder={t("view_title")}
              value={title}
              maxLength={100}
              onChange={(event) => setTitle(event.target.value)}
              data-testid="view-title"
            />
            <Checkbox checked={shared} onChange={(event) => setShared(event.target.checked)}>
              {t("share_view")}
            </Checkbox>
          </div>
        </Sheet>
      )}
    </>
  );
}
