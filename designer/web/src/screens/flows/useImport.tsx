// Bring in flows from files; the dialog is loaded when it is wanted.

import { useQueryClient } from "@tanstack/react-query";
import { type ReactNode, Suspense, useState } from "react";
import { useNavigate } from "react-router";
import { lazy } from "../../ui/lazy";

const ImportDialog = lazy(() => import("../../exchange/ImportDialog"));

export function useImport(): { choose: () => void; dialog: ReactNode } {
  const navigate = useNavigate();
  const queries = useQueryClient();
  const [open, setOpen] = useState(false);
  const taken = (keys: string[]) => {
    void queries.invalidateQueries({ queryKey: ["/api/flows"] });
    if (keys.length === 1) navigate(`/flows/${keys[0]}`);
  };
  const dialog = open && (
    <Suspense fallback={null}>
      <ImportDialog onClose={() => setOpen(false)} onTaken={taken} />
    </Suspense>
  );
  return { choose: () => setOpen(true), dialog };
}
