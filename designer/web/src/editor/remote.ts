// What the editor asks the server for. Each is asked once and kept a while.

import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { api } from "../api/client";
import { useMay } from "../api/session";
import type { Connection, FlowSummary, Page, Person, Role } from "../api/types";
import type { NodeType, NodeTypes } from "./document";

/** A department, post or rota, as far as a drawing names it. */
export interface Named {
  id: string;
  key?: string;
  name: string | { zh?: string; en?: string };
}

const RARELY_MS = 300_000;

export interface FunctionHelp {
  name: string;
  signature: string;
  help?: { zh?: string; en?: string };
  example?: string;
}

export function useNodeTypes(): { types: NodeTypes | undefined; error: unknown } {
  const { data, error } = useQuery({
    queryKey: ["node-types"],
    queryFn: () => api.get<Page<NodeType>>("/api/node-types"),
    staleTime: RARELY_MS,
  });
  const types = useMemo(() => data && new Map(data.items.map((type) => [type.name, type])), [data]);
  return { types, error };
}

/** Nothing for those who may not ask; keys are shown then in place of names. */
function useItems<Item>(key: string, path: string, permission?: string, wanted = true): Item[] {
  const may = useMay();
  const { data } = useQuery({
    enabled: wanted && may(permission),
    queryKey: [key, "for-editor"],
    queryFn: () => api.get<Page<Item>>(path),
    staleTime: RARELY_MS,
    retry: false,
  });
  return data?.items ?? NONE;
}

const NONE: never[] = [];

export const useFunctions = () => useItems<FunctionHelp>("functions", "/api/functions");
export const useRoles = () => useItems<Role>("roles", "/api/roles", "flows:read");
export const usePeople = () => useItems<Person>("users", "/api/users?limit=200", "users:read");
export const useConnections = () =>
  useItems<Connection>("connections", "/api/connections", "connections:read");
export const useFlows = () => useItems<FlowSummary>("flows", "/api/flows?limit=200", "flows:read");

export const useDepartments = (wanted = true) =>
  useItems<Named>("departments", "/api/departments", "flows:read", wanted);
export const usePosts = (wanted = true) =>
  useItems<Named>("posts", "/api/posts", "flows:read", wanted);
export const useRotas = (wanted = true) =>
  useItems<Named>("rotas", "/api/rotas", "flows:read", wanted);
