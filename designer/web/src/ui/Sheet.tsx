// What comes up over a screen: from below on a phone, in the middle on a desk. The browser's own <dialog>, so that focus,
// Escape and what lies behind are its business, and nothing is loaded for it.

import { CloseOutlined } from "@ant-design/icons";
import { type ReactNode, useEffect, useId, useRef } from "react";
import { useTranslation } from "react-i18next";
import "./Sheet.css";

interface SheetProps {
  title: ReactNode;
  onClose: () => void;
  children: ReactNode;
  /** The buttons below, always in sight. */
  foot?: ReactNode;
  /** Pressing beside it closes it too; not where something typed would be lost. */
  light?: boolean;
  wide?: boolean;
  testId?: string;
}

export function Sheet({ title, onClose, children, foot, light, wide, testId }: SheetProps) {
  const { t } = useTranslation("app");
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const shown = dialog.current;
    const before = document.activeElement;
    if (shown && !shown.open) {
      shown.showModal();
      // The browser gives the keyboard to the first button; a field marked so is what one came for.
      shown.querySelector<HTMLElement>("[data-first]")?.focus();
    }
    return () => {
      shown?.close();
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape is the keyboard's way, the browser's own
    <dialog
      ref={dialog}
      className={wide ? "hr-sheet hr-sheet-wide" : "hr-sheet"}
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onClick={(event) => light && event.target === dialog.current && onClose()}
      data-testid={testId}
    >
      <div className="hr-sheet-frame">
        <header className="hr-sheet-head">
          <h2 id={id}>{title}</h2>
          <button
            type="button"
            className="hr-icon-link"
            aria-label={t("action.close")}
            onClick={onClose}
            data-testid="btn-sheet-close"
          >
            <CloseOutlined aria-hidden />
          </button>
        </header>
        <div className="hr-sheet-body">{children}</div>
        {foot !== undefined && <footer className="hr-sheet-foot">{foot}</footer>}
      </div>
    </dialog>
  );
}
