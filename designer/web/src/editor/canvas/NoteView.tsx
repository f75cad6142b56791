// A sticky note: type into it, drag its corner, choose its colour.

import { type NodeProps, NodeResizer } from "@xyflow/react";
import { memo } from "react";
import { useTranslation } from "react-i18next";
import { setNote } from "../commands/setNote";
import type { NoteColor } from "../document";
import { useEditor } from "../store";
import type { NoteElement } from "./elements";

const COLORS: NoteColor[] = ["yellow", "blue", "green", "pink"];

export const NoteView = memo(function NoteView({ id, data, selected }: NodeProps<NoteElement>) {
  const { t } = useTranslation("editor");
  const { note, editable } = data;
  const run = useEditor((state) => state.run);
  return (
    <div className="hr-note" data-color={note.color} data-testid={`note-${id}`}>
      {editable && (
        <NodeResizer
          isVisible={selected ?? false}
          minWidth={120}
          minHeight={60}
          onResizeEnd={(_, { width, height }) =>
            run(setNote, {
              note: id,
              size: { width: Math.round(width), height: Math.round(height) },
            })
          }
        />
      )}
      {editable && selected && <NoteColors id={id} color={note.color} />}
      <textarea
        className={selected ? "nodrag nowheel" : ""}
        value={note.text}
        readOnly={!editable}
        placeholder={t("note.placeholder")}
        aria-label={t("note.label")}
        onChange={(event) => run(setNote, { note: id, text: event.target.value })}
      />
    </div>
  );
});

export function NoteColors({ id, color: chosen }: { id: string; color: NoteColor }) {
  const { t } = useTranslation("editor");
  const { run } = useEditor.getState();
  return (
    <div className="hr-note-colors nodrag">
      {COLORS.map((color) => (
        <button
          key={color}
          type="button"
          data-color={color}
          aria-label={t(`note.${color}`)}
          aria-pressed={color === chosen}
          onClick={() => run(setNote, { note: id, color })}
        />
      ))}
    </div>
  );
}
