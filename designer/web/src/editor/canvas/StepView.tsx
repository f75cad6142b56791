// A node as it is drawn: plain HTML, since there may be a thousand of them.

import { Handle, type NodeProps, Position, useUpdateNodeInternals } from "@xyflow/react";
import { memo, useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { EVENT_FIRST, EVENT_STEP } from "../document";
import { EventIcon, NodeIcon } from "../icons";
import { useAiming } from "./aiming";
import type { StepElement } from "./elements";
import { RenameBox } from "./RenameBox";

export const StepView = memo(function StepView({ id, data, selected }: NodeProps<StepElement>) {
  const { type, title, typeTitle, summary, ports, events, problem, mark, editable } = data;
  const { t } = useTranslation("editor");
  const update = useUpdateNodeInternals();
  const portKey = [...ports.map((port) => port.name), ...events.map((event) => event.id)].join(" ");
  const measured = useRef(portKey);
  // The canvas measures again when ports come or go. Not at first: it does so by itself, and a thousand times is too often.
  useEffect(() => {
    if (measured.current === portKey) return;
    measured.current = portKey;
    update(id);
  }, [portKey, id, update]);
  const forbidden = useAiming((state) => state.forbidden.get(id));
  const many = ports.length > 1;
  const [only] = ports;
  return (
    <div
      className="hr-node"
      data-testid={`node-${id}`}
      data-type={data.node.type}
      data-group={type?.group ?? "control"}
      data-status={mark?.status}
      data-selected={selected || undefined}
      data-faded={data.faded || undefined}
      data-forbidden={forbidden}
      data-shape={type?.starts || type?.ends ? "round" : undefined}
    >
      {!type?.starts && (
        <Handle
          type="target"
          position={Position.Left}
          className="hr-handle-in"
          data-testid={`handle-${id}-in`}
          isConnectable={editable}
        />
      )}
      <div className="hr-node-main">
        <span className="hr-node-icon">
          <NodeIcon icon={type?.icon} type={data.node.type} />
        </span>
        <div className="hr-node-words">
          {editable ? (
            <RenameBox id={id} title={title} />
          ) : (
            <div className="hr-node-title">{title}</div>
          )}
          <div className="hr-node-summary" title={summary}>
            {summary || typeTitle}
          </div>
        </div>
        {problem !== null && (
          <span
            className="hr-node-problem"
            data-severity={problem.severity}
            data-testid={`node-problem-${id}`}
            title={problem.messages.join("\n")}
            role="img"
            aria-label={problem.messages.join("; ")}
          >
            !
          </span>
        )}
        {mark !== null && (
          <span
            className="hr-node-mark"
            data-status={mark.status}
            data-testid={`node-status-${id}`}
          >
            {t(`run_status.${mark.status}`, { defaultValue: mark.status })}
            {mark.duration ? ` · ${mark.duration}` : ""}
            {mark.times !== undefined && mark.times > 1 ? ` ×${mark.times}` : ""}
          </span>
        )}
      </div>
      {many && (
        <ul className="hr-node-ports">
          {ports.map((port) => (
            <li key={port.name} data-open={(port.required && !port.connected) || undefined}>
              {port.when !== "" && <small title={port.when}>{port.when}</small>}
              <span title={port.title}>{port.title}</span>
              <Handle
                type="source"
                position={Position.Right}
                id={port.name}
                className="hr-handle-out"
                data-testid={`handle-${id}-${port.name}`}
                isConnectable={editable}
              />
            </li>
          ))}
        </ul>
      )}
      {!many && only !== undefined && (
        <Handle
          type="source"
          position={Position.Right}
          id={only.name}
          className="hr-handle-out"
          data-testid={`handle-${id}-${only.name}`}
          isConnectable={editable}
        />
      )}
      {events.map((event, index) => (
        <Handle
          key={event.id}
          type="source"
          position={Position.Bottom}
          id={event.id}
          className="hr-event"
          style={{ left: EVENT_FIRST + index * EVENT_STEP }}
          data-kind={event.kind}
          data-beside={!event.interrupting || undefined}
          data-open={!event.connected || undefined}
          data-wrong={event.wrong || undefined}
          data-testid={`handle-${id}-${event.id}`}
          title={event.title}
          role="img"
          aria-label={event.title}
          isConnectable={editable}
        >
          <EventIcon kind={event.kind} />
        </Handle>
      ))}
    </div>
  );
});
