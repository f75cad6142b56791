// Test cases of a flow as the API has them, and what they say in sentences.

import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback } from "react";
import { api } from "../../api/client";
import type { Problem, TestResult, TestStep } from "../../api/types";
import type { FlowDocument, NodeTypes, Text } from "../document";

export interface Expect {
  status?: string;
  result?: string | null;
  end?: string;
  visited?: string[];
  not_visited?: string[];
  variables?: Record<string, unknown>;
  output?: Record<string, unknown>;
  asked?: Record<string, string[]>;
  notified?: Record<string, unknown>;
  not_notified?: string[];
  [other: string]: unknown;
}

export interface CaseContent {
  input: Record<string, unknown>;
  start_node?: string;
  at?: string;
  decisions?: Record<string, unknown>;
  mocks?: Record<string, unknown>;
  pins?: Record<string, unknown>;
  expect: Expect;
}

export interface TestCase {
  id: string;
  name: Text;
  origin: string;
  revision: number;
  updated_at: string;
  updated_by: string;
  content: CaseContent;
}

export interface Unmet {
  what: string;
  expected: unknown;
  found: unknown;
}

export interface CaseResult {
  id: string;
  name: Text;
  met: boolean;
  unmet: Unmet[];
  status: string;
  result: string | null;
  visited: string[];
  edges: string[];
  end?: string | null;
  variables?: Record<string, unknown>;
  asked?: Record<string, string[]>;
  told?: string[];
}

export interface CaseRun {
  passed: number;
  failed: number;
  results: CaseResult[];
  coverage: { edges: number; taken: number; never: string[]; never_visited: string[] };
  problems: Problem[];
}

/** A case that is not kept yet. */
export interface NewCase {
  name: Text;
  origin: string;
  content: CaseContent;
  /** How many values were disguised while recording. */
  hidden?: number;
  /** What a rehearsal does otherwise than the real instance did. */
  differences?: Unmet[];
}

const casesKey = (flow: string) => ["cases", flow];

export function useCases(flow: string) {
  return useQuery({
    queryKey: casesKey(flow),
    queryFn: async () =>
      (await api.get<{ items: TestCase[] }>(`/api/flows/${flow}/cases?limit=200`)).items,
  });
}

export function useCasesChanged(flow: string): () => Promise<void> {
  const queries = useQueryClient();
  return useCallback(
    () => queries.invalidateQueries({ queryKey: casesKey(flow) }),
    [queries, flow],
  );
}

export function runCases(document: FlowDocument, only?: string[]): Promise<CaseRun> {
  return api.post<CaseRun>(`/api/flows/${document.key}/cases/run`, {
    document,
    ...(only === undefined ? {} : { only }),
  });
}

/** The marks of a test run for what all cases together have passed. */
export function coverageMarks(run: CaseRun): TestResult {
  const visited = [...new Set(run.results.flatMap((one) => one.visited))];
  return {
    status: "coverage",
    steps: visited.map((node, step) => ({ step, node, type: "", status: "done" })),
    edges: [...new Set(run.results.flatMap((one) => one.edges))],
  };
}

/** The edges taken by the first steps, as their exits say. */
export function edgesOf(steps: readonly TestStep[], document: FlowDocument): string[] {
  return steps.flatMap((step) => {
    const ports = step.ports ?? (step.port === undefined ? [] : [step.port]);
    return document.edges
      .filter((edge) => edge.from === step.node && ports.includes(edge.port))
      .map((edge) => edge.id);
  });
}

/** What a run that is right today must do tomorrow. */
export function expectedOf(test: TestResult, document: FlowDocument, types: NodeTypes): Expect {
  const visited = test.steps.map((step) => step.node);
  const kinds = new Map(document.nodes.map((node) => [node.id, node.type]));
  const end = visited.findLast((id) => types.get(kinds.get(id) ?? "")?.ends);
  return {
    status: test.status,
    ...(end === undefined ? {} : { end }),
    visited: [...new Set(visited)],
  };
}

/** A value as one types it: JSON where it is JSON, else text. */
export function valueFrom(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

export function valueText(value: unknown): string {
  return typeof value === "string" ? value : (JSON.stringify(value) ?? "");
}

/** `{a: {b: 1}}` → `[["a.b", 1]]`: what a case may look at. */
export function leaves(value: unknown, path = ""): [string, unknown][] {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return [[path, value]];
  return Object.entries(value).flatMap(([name, inner]) =>
    leaves(inner, path === "" ? name : `${path}.${name}`),
  );
}
