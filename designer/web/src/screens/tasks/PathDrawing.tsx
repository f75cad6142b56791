// The drawn flow with the way it took, over the task.

import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { api } from "../../api/client";
import type { Marks } from "../../editor/canvas/elements";
import { FlowDrawing } from "../../editor/canvas/FlowDrawing";
import type { FlowDocument } from "../../editor/document";
import { useNodeTypes } from "../../editor/remote";
import { ErrorState, Loading } from "../../ui/page";
import { Sheet } from "../../ui/Sheet";
import { useText } from "../../ui/text";
import type { TaskDetail } from "./task";

const LOOK: Record<string, string> = { done: "done", now: "waiting" };

export function PathDrawing({ task, onClose }: { task: TaskDetail; onClose: () => void }) {
  const { t } = useTranslation("tasks");
  const { text } = useText();
  const { types } = useNodeTypes();
  const given = task.path?.document;
  const asked = useQuery({
    queryKey: ["instance", task.instance_id, "document"],
    queryFn: ({ signal }) =>
      api.get<{ document: FlowDocument; edges: Record<string, number> }>(
        `/api/instances/${task.instance_id}`,
        { signal },
      ),
    enabled: given === undefined,
  });
  const document = given ?? asked.data?.document;
  const marks = useMemo<Marks>(() => {
    const nodes = new Map(
      (task.path?.nodes ?? []).flatMap((node) => {
        const status = LOOK[node.status];
        return status === undefined ? [] : [[node.id, { status, times: 1 }] as const];
      }),
    );
    return { nodes, edges: new Map(Object.entries(asked.data?.edges ?? {})) };
  }, [task.path, asked.data]);
  return (
    <Sheet title={text(task.flow_name)} onClose={onClose} wide light testId="path-drawing">
      {document === undefined || types === undefined ? (
        asked.error ? (
          <ErrorState error={asked.error} onRetry={() => void asked.refetch()} />
        ) : (
          <Loading rows={5} />
        )
      ) : (
        <div className="hr-path-canvas">
          <FlowDrawing
            document={document}
            types={types}
            marks={marks}
            selected={null}
            first={task.node}
            label={t("path.drawing")}
          />
        </div>
      )}
    </Sheet>
  );
}
