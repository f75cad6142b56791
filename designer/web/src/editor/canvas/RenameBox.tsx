// The title of a node; on F2 or a double click a field to type another one.

import { useRef } from "react";
import { useTranslation } from "react-i18next";
import { useText } from "../../ui/text";
import { renameNode } from "../commands/renameNode";
import { nodeOf } from "../document";
import { useEditor } from "../store";

export function RenameBox({ id, title }: { id: string; title: string }) {
  const active = useEditor((state) => state.renaming === id);
  if (!active) {
    return (
      // biome-ignore lint/a11y/noStaticElementInteractions: the keyboard's way is F2
      <div
        className="hr-node-title"
        title={title}
        onDoubleClick={() => useEditor.getState().rename(id)}
      >
        {title}
      </div>
    );
  }
  return <Box id={id} title={title} />;
}

function Box({ id, title }: { id: string; title: string }) {
  const { t } = useTranslation("editor");
  const { language } = useText();
  const given = useRef(false);
  const finish = (value: string | null) => {
    if (given.current) return;
    given.current = true;
    const { history, run, rename } = useEditor.getState();
    const node = nodeOf(history.present, id);
    if (value !== null && value.trim() !== "" && node !== undefined) {
      run(renameNode, { node: id, name: { ...node.name, [language]: value.trim() } });
    }
    rename(null);
    requestAnimationFrame(() =>
      document.querySelector<HTMLElement>(`.react-flow__node[data-id="${id}"]`)?.focus(),
    );
  };
  return (
    <input
      className="hr-node-rename nodrag nopan"
      aria-label={t("field.name")}
      defaultValue={title}
      data-testid={`rename-${id}`}
      maxLength={80}
      // biome-ignore lint/a11y/noAutofocus: it appears because one asked to type here
      autoFocus
      onFocus={(event) => event.target.select()}
      onBlur={(event) => finish(event.target.value)}
      onKeyDown={(event) => {
        event.stopPropagation();
        if (event.nativeEvent.isComposing) return;
        if (event.key === "Enter") finish(event.currentTarget.value);
        if (event.key === "Escape") finish(null);
      }}
    />
  );
}
