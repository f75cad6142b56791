// Tables and decision tables as the inspector offers them: which there are, and what is in the chosen one.

import { useQuery } from "@tanstack/react-query";
import { api } from "../../api/client";
import { useMay } from "../../api/session";
import type { Page } from "../../api/types";
import type { Text } from "../document";

const RARELY_MS = 300_000;

export interface Named {
  name: string;
  title?: Text;
  /** Left out of what must be given. */
  optional?: boolean;
}

interface Brief {
  key: string;
  title: Text;
}

interface Definition {
  fields?: (Named & { hidden?: boolean })[];
  inputs?: Named[];
  outputs?: Named[];
}

/** Nothing for those who may not ask; a key can still be typed. */
function useAsked<Answer>(path: string | null, permission: string): Answer | undefined {
  const may = useMay();
  const { data } = useQuery({
    queryKey: [path, "for-editor"],
    queryFn: () => api.get<Answer>(path ?? ""),
    enabled: path !== null && may(permission),
    staleTime: RARELY_MS,
    retry: false,
  });
  return data;
}

export function useTables(): Brief[] {
  return useAsked<Page<Brief>>("/api/tables?limit=200", "records:read")?.items ?? [];
}

export function useDecisionTables(): Brief[] {
  return useAsked<Page<Brief>>("/api/decision-tables?limit=200", "flows:read")?.items ?? [];
}

/** Fields of a drawn table. */
export function useTableFields(table: unknown): Named[] {
  const path = isKey(table) ? `/api/tables/${table}` : null;
  const found = useAsked<{ definition: Definition }>(path, "records:read");
  return (found?.definition.fields ?? []).filter((field) => field.hidden !== true);
}

/** What a decision table asks, and what it answers. */
export function useDecisionColumns(table: unknown): { inputs: Named[]; outputs: Named[] } {
  const path = isKey(table) ? `/api/decision-tables/${table}` : null;
  const found = useAsked<{ definition: Definition }>(path, "flows:read");
  return { inputs: found?.definition.inputs ?? [], outputs: found?.definition.outputs ?? [] };
}

/** Names that a list of names and values offers. */
export function useNames(kind: string | undefined, table: unknown): Named[] {
  const fields = useTableFields(kind === "table" ? table : undefined);
  const { inputs } = useDecisionColumns(kind === "decision" ? table : undefined);
  return kind === "decision" ? inputs : fields;
}

function isKey(table: unknown): table is string {
  return typeof table === "string" && /^[a-z][a-z0-9_]{0,63}$/.test(table);
}
