// Drawing a form: kinds at the left are dragged into it, fields in the middle are moved about, the one that is chosen is
// described at the right; who may do what at which node; and how it looks on a phone and on a desk, live.

import { RedoOutlined, UndoOutlined } from "@ant-design/icons";
import { Button, Modal } from "antd";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { Segments } from "../../ui/Segments";
import { useText } from "../../ui/text";
import { Build } from "./Build";
import type { DrawnForm, Place } from "./drawing";
import { Preview } from "./Preview";
import { RawForm } from "./RawForm";
import { Rights, type RightsNode } from "./Rights";
import "./editor.css";

export interface FormEditorProps {
  form: DrawnForm;
  onChange: (form: DrawnForm) => void;
  onClose: () => void;
  disabled?: boolean;
  /** The nodes that use it, for the table of rights; none for the form of one node alone. */
  nodes?: RightsNode[];
  onUndo?: () => void;
  onRedo?: () => void;
  canUndo?: boolean;
  canRedo?: boolean;
  /** Where one began: the form's page of rights, for instance. */
  view?: View;
}

export type View = "build" | "rights" | "preview" | "json";

export function FormEditor(props: FormEditorProps) {
  const { form, onChange, onClose, disabled = false, nodes, onUndo, onRedo } = props;
  const { t } = useTranslation("forms");
  const { text } = useText();
  const [view, setView] = useState<View>(props.view ?? "build");
  const [chosen, setChosen] = useState<Place | null>(null);
  const views: View[] = nodes
    ? ["build", "rights", "preview", "json"]
    : ["build", "preview", "json"];
  const keys = (event: React.KeyboardEvent) => {
    const typing = (event.target as HTMLElement).closest(
      "input, textarea, select, [role=combobox]",
    );
    if (!(event.ctrlKey || event.metaKey) || typing) return;
    const key = event.key.toLowerCase();
    if (key === "z" && !event.shiftKey) onUndo?.();
    else if (key === "y" || (key === "z" && event.shiftKey)) onRedo?.();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const body: Record<View, ReactNode> = {
    build: (
      <Build
        form={form}
        onChange={onChange}
        chosen={chosen}
        onChoose={setChosen}
        disabled={disabled}
      />
    ),
    rights: <Rights form={form} nodes={nodes ?? []} disabled={disabled} />,
    preview: <Preview form={form} nodes={nodes ?? []} />,
    json: <RawForm form={form} onChange={onChange} disabled={disabled} />,
  };
  return (
    <Modal
      open
      onCancel={onClose}
      footer={null}
      width="min(1480px, calc(100vw - 32px))"
      className="hr-fe-modal"
      style={{ top: 16 }}
      title={
        <div className="hr-fe-head">
          <span className="hr-fe-title">{text(form.title) || t("editor.title")}</span>
          <Segments
            label={t("editor.view")}
            options={views.map((name) => ({ value: name, title: t(`editor.view_${name}`) }))}
            value={view}
            onChange={setView}
            testId="form-view"
          />
          {onUndo && (
            <span className="hr-fe-undo">
              <Button
                type="text"
                icon={<UndoOutlined />}
                disabled={disabled || !props.canUndo}
                onClick={onUndo}
                aria-label={t("editor.undo")}
                title={t("editor.undo")}
                data-testid="form-undo"
              />
              <Button
                type="text"
                icon={<RedoOutlined />}
                disabled={disabled || !props.canRedo}
                onClick={onRedo}
                aria-label={t("editor.redo")}
                title={t("editor.redo")}
                data-testid="form-redo"
              />
            </span>
          )}
        </div>
      }
      destroyOnHidden
    >
      {/* biome-ignore lint/a11y/noStaticElementInteractions: keys that reach here from the controls inside */}
      <div className="hr-fe" onKeyDown={keys} data-testid="form-editor">
        {body[view]}
      </div>
    </Modal>
  );
}
