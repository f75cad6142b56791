// The kinds of fields, to drag into the form; a click or Enter puts one at the end.

import { useDraggable } from "@dnd-kit/core";
import { useTranslation } from "react-i18next";
import { KindIcon } from "./KindIcon";
import { FORM_KINDS, type FormKind } from "./kinds";

interface PaletteProps {
  onAdd: (kind: FormKind) => void;
  disabled: boolean;
}

export function Palette({ onAdd, disabled }: PaletteProps) {
  const { t } = useTranslation("forms");
  return (
    <nav className="hr-fe-palette" aria-label={t("editor.palette")}>
      <h3>{t("editor.palette")}</h3>
      {FORM_KINDS.map((kind) => (
        <Item key={kind} kind={kind} onAdd={onAdd} disabled={disabled} />
      ))}
    </nav>
  );
}

function Item({ kind, onAdd, disabled }: PaletteProps & { kind: FormKind }) {
  const { t } = useTranslation("forms");
  const { setNodeRef, listeners, isDragging } = useDraggable({ id: `new:${kind}`, disabled });
  return (
    <button
      ref={setNodeRef}
      type="button"
      className="hr-fe-kind"
      data-dragging={isDragging || undefined}
      disabled={disabled}
      onPointerDown={listeners?.["onPointerDown"] as React.PointerEventHandler | undefined}
      onClick={() => onAdd(kind)}
      data-testid={`kind-${kind}`}
    >
      <KindIcon kind={kind} />
      {t(`editor.kind.${kind}`)}
    </button>
  );
}
