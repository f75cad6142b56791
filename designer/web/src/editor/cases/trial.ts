// What a test run is told: kept while one looks at its result, so that trying again means changing one thing.

import { create } from "zustand";
import { api } from "../../api/client";
import type { TestResult } from "../../api/types";
import { decisionsFrom, type Question } from "../decisions";
import type { FlowDocument } from "../document";
import { useEditor } from "../store";
import { type CaseContent, edgesOf } from "./cases";

export interface Mock {
  /** answers and fails are what a far side does; pinned: the node is not run at all. */
  kind: "answers" | "fails" | "pinned";
  text: string;
  /** Which way a pinned node leaves. */
  port?: string;
}

interface Trial {
  flow: string;
  input: Record<string, unknown>;
  decisions: Record<string, string>;
  mocks: Record<string, Mock>;
  /** Answers of a case or a recording that the form does not show; what is chosen in the form wins. */
  kept: Pick<CaseContent, "decisions" | "mocks" | "pins">;
  start: string | undefined;
  at: string;
  stepwise: boolean;
  /** Nodes whose decision was taken in this walk step by step. */
  asked: string[];
  /** The drawing is behind the panel, as on a phone: a step that is looked at is chosen there, and the keyboard stays here. */
  apart: boolean;
  /** All of a walk; the editor shows its first steps. */
  whole: TestResult | null;
  set: (values: Partial<Trial>) => void;
}

export const useTrial = create<Trial>((set) => ({
  flow: "",
  input: {},
  decisions: {},
  mocks: {},
  kept: {},
  start: undefined,
  at: "",
  stepwise: false,
  asked: [],
  apart: false,
  whole: null,
  set: (values) => set(values),
}));

/** Begin anew for another flow; for the same one all stays as it was. */
export function openTrial(document: FlowDocument, start: string | undefined): void {
  if (useTrial.getState().flow === document.key) return;
  useTrial.setState({
    flow: document.key,
    input: document.sample ?? {},
    decisions: {},
    mocks: {},
    kept: {},
    start,
    at: "",
    stepwise: false,
    asked: [],
    whole: null,
  });
}

/** Take the data of a case over, to try it and look at its way. */
export function takeOver(content: CaseContent): void {
  useTrial.setState({
    input: content.input,
    decisions: {},
    mocks: {},
    kept: {
      ...(content.decisions === undefined ? {} : { decisions: content.decisions }),
      ...(content.mocks === undefined ? {} : { mocks: content.mocks }),
      ...(content.pins === undefined ? {} : { pins: content.pins }),
    },
    start: content.start_node,
    at: content.at ?? "",
    asked: [],
    whole: null,
  });
}

export function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** What this trial tells the server, and what a case of it would hold. */
export function told(questions: readonly Question[]): Omit<CaseContent, "expect"> {
  const { input, decisions, mocks, kept, start, at } = useTrial.getState();
  const chosen = questions.filter(
    ({ node }) => decisions[node.id] !== undefined || kept.decisions?.[node.id] === undefined,
  );
  const answers: Record<string, unknown> = { ...kept.mocks };
  const pins: Record<string, unknown> = { ...kept.pins };
  for (const [node, mock] of Object.entries(mocks)) {
    const output = parsed(mock.text);
    delete answers[node];
    delete pins[node];
    if (mock.kind === "fails") answers[node] = { error: mock.text.trim() || "mocked" };
    else if (mock.kind === "pinned")
      pins[node] = {
        output: output ?? null,
        ...(mock.port === undefined ? {} : { port: mock.port }),
      };
    else if (output !== undefined) answers[node] = { output };
  }
  const decided = { ...kept.decisions, ...decisionsFrom(chosen, decisions) };
  return {
    input,
    ...(start === undefined ? {} : { start_node: start }),
    ...(at === "" ? {} : { at }),
    ...(Object.keys(decided).length === 0 ? {} : { decisions: decided }),
    ...(Object.keys(answers).length === 0 ? {} : { mocks: answers }),
    ...(Object.keys(pins).length === 0 ? {} : { pins }),
  };
}

/** Run it: at once, or so far that the next one to be asked is waiting. */
export async function tryIt(document: FlowDocument, questions: readonly Question[]) {
  const { stepwise, asked } = useTrial.getState();
  const waiting = questions.map(({ node }) => node.id).filter((id) => !asked.includes(id));
  const whole = await api.post<TestResult>(`/api/flows/${document.key}/test`, {
    document,
    ...told(questions),
    ...(stepwise ? { stop_at: waiting } : {}),
  });
  useTrial.setState({ whole });
  return whole;
}

/** Show so many steps of a walk. */
export function reveal(document: FlowDocument, count: number): void {
  const { whole } = useTrial.getState();
  if (whole === null) return;
  const steps = whole.steps.slice(0, count);
  const all = steps.length === whole.steps.length;
  useEditor.getState().setTest({
    ...whole,
    status: all ? whole.status : "running",
    steps,
    edges: all ? (whole.edges ?? []) : edgesOf(steps, document),
  });
  const last = steps.at(-1);
  if (last !== undefined) showStep(last.node);
}

/** The step that is read is the one chosen in the drawing. */
export function showStep(node: string): void {
  const { goTo, select } = useEditor.getState();
  if (useTrial.getState().apart) select({ nodes: [node] });
  else goTo(node);
}
