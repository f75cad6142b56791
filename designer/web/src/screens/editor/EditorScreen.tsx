// The designer: loads the flow and its node types, then opens the editor.

import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Suspense, useEffect, useState } from "react";
import { useParams } from "react-router";
import { api } from "../../api/client";
import { useMay } from "../../api/session";
import type { Flow } from "../../api/types";
import type { FlowDocument, NodeTypes } from "../../editor/document";
import { type Copy, forget, unsavedCopy } from "../../editor/draft";
import { readable } from "../../editor/readable";
import { useNodeTypes } from "../../editor/remote";
import { useEditor } from "../../editor/store";
import { useNarrow } from "../../theme/mode";
import { lazy } from "../../ui/lazy";
import { ErrorState, Loading } from "../../ui/page";

// Asked for at once, while the flow is on its way; a phone never asks.
const desk = async () => ({ default: (await import("./Desk")).Desk });
const begun = window.matchMedia?.("(max-width: 767px)").matches ? null : desk();
begun?.catch(() => undefined);
const Desk = lazy(() => begun?.catch(desk) ?? desk());
const Recovery = lazy(() => import("./Recovery"));
const Phone = lazy(async () => ({ default: (await import("./Phone")).Phone }));

export default function EditorScreen() {
  const { key = "" } = useParams();
  const { types, error: typesError } = useNodeTypes();
  const { data, error, refetch } = useQuery({
    queryKey: ["flow", key],
    queryFn: () => api.get<Flow>(`/api/flows/${key}`),
    // The editor holds the truth while it is open; a refetch must not take it away.
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
  });
  const failed = error ?? typesError;
  if (failed) return <ErrorState error={failed} onRetry={() => void refetch()} />;
  if (data === undefined || types === undefined) return <Loading rows={6} />;
  return <Opened key={key} flow={data} types={types} />;
}

function Opened({ flow, types }: { flow: Flow; types: NodeTypes }) {
  const narrow = useNarrow();
  const may = useMay();
  const queries = useQueryClient();
  const first = flow.draft.document as FlowDocument;
  const [copy, setCopy] = useState<Copy | null>(null);
  const [start, setStart] = useState<FlowDocument | null>(null);
  const readOnly = !may("flows:write");

  // biome-ignore lint/correctness/useExhaustiveDependencies: opens once; the editor lives on its own from then on
  useEffect(() => {
    let gone = false;
    const open = (placed: FlowDocument) => {
      if (gone) return;
      useEditor.getState().open(placed, types, readOnly);
      setStart(placed);
      void unsavedCopy(flow.key, first).then(setCopy);
    };
    if (isPiled(first)) void laidOut(first, types).then(open);
    else open(readable(first, types));
    return () => {
      gone = true;
      void queries.invalidateQueries({ queryKey: ["/api/flows"] });
    };
  }, []);

  if (start === null) return <Loading rows={6} />;
  const props = { flow, first: start };
  return (
    <>
      <Suspense fallback={<Loading rows={6} />}>
        {narrow ? <Phone {...props} /> : <Desk {...props} />}
      </Suspense>
      <Suspense fallback={null}>
        {copy !== null && (
          <Recovery
            copy={copy}
            onTake={() => {
              useEditor.getState().open(copy.document, types, readOnly);
              setCopy(null);
            }}
            onDrop={() => {
              forget(flow.key);
              setCopy(null);
            }}
          />
        )}
      </Suspense>
    </>
  );
}

async function laidOut(document: FlowDocument, types: NodeTypes): Promise<FlowDocument> {
  const { autoLayout } = await import("../../editor/commands/autoLayout");
  return autoLayout.run(document, {}, types);
}

/** Documents made by hand or by a program may come without places. */
function isPiled(document: FlowDocument): boolean {
  const places = new Set(document.nodes.map(({ position }) => `${position?.x},${position?.y}`));
  return document.nodes.length > 1 && places.size === 1;
}
