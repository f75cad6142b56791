// A section: a titled frame behind its nodes, or one box in their place.

import { DownOutlined, RightOutlined } from "@ant-design/icons";
import { Handle, type NodeProps, NodeResizer, Position } from "@xyflow/react";
import { memo, useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { setNote } from "../commands/setNote";
import { toggleSection } from "../commands/toggleSection";
import { useEditor } from "../store";
import type { SectionElement } from "./elements";
import { NoteColors } from "./NoteView";

const LEAVE = new Set(["Enter", "Escape"]);

export const SectionView = memo(function SectionView({
  id,
  data,
  selected,
}: NodeProps<SectionElement>) {
  const { t } = useTranslation("canvas");
  const { note, hidden, severity, editable } = data;
  const { run } = useEditor.getState();
  const shut = hidden !== null;
  const named = useEditor((state) => state.renaming === id);
  const title = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (!named) return;
    title.current?.focus();
    title.current?.select();
    useEditor.getState().rename(null);
  }, [named]);
  return (
    <div
      className="hr-section"
      data-color={note.color}
      data-shut={shut || undefined}
      data-selected={selected || undefined}
      data-testid={`section-${id}`}
    >
      {editable && !shut && (
        <NodeResizer
          isVisible={selected ?? false}
          minWidth={160}
          minHeight={100}
          onResizeEnd={(_, { width, height, x, y }) =>
            run(setNote, {
              note: id,
              position: { x: Math.round(x), y: Math.round(y) },
              size: { width: Math.round(width), height: Math.round(height) },
            })
          }
        />
      )}
      {editable && selected && <NoteColors id={id} color={note.color} />}
      <div className="hr-section-head">
        <button
          type="button"
          className="hr-section-fold nodrag"
          disabled={!editable}
          aria-expanded={!shut}
          aria-label={t(shut ? "section.open" : "section.fold")}
          onClick={() => run(toggleSection, { section: id })}
          data-testid={`section-fold-${id}`}
        >
          {shut ? <RightOutlined /> : <DownOutlined />}
        </button>
        <input
          ref={title}
          className={selected ? "nodrag" : ""}
          value={note.text}
          readOnly={!editable}
          placeholder={t("section.title")}
          aria-label={t("section.title")}
          onChange={(event) => run(setNote, { note: id, text: event.target.value })}
          onKeyDown={(event) => LEAVE.has(event.key) && event.currentTarget.blur()}
        />
        {shut && (
          <span className="hr-section-count" data-severity={severity ?? undefined}>
            {t("section.hidden", { count: hidden })}
          </span>
        )}
      </div>
      {shut && (
        <>
          <Handle
            type="target"
            position={Position.Left}
            className="hr-handle-in"
            isConnectable={false}
          />
          <Handle
            type="source"
            position={Position.Right}
            id="out"
            className="hr-handle-out"
            isConnectable={false}
          />
        </>
      )}
    </div>
  );
});
