// What every field of a settings form may ask for: the values that can be used, the words, what is wrong.

import { type ComponentType, createContext, useContext } from "react";
import type { Problem } from "../../api/client";
import type { JsonSchema } from "../../schema";
import type { Settings } from "../document";
import type { Words } from "../sentence";
import type { Variable } from "../variables";

export interface SettingsFormProps {
  schema: JsonSchema;
  value: Settings;
  onChange: (value: Settings) => void;
  path?: string;
}

export interface FormContextValue {
  variables: readonly Variable[];
  words: Words;
  /** Values to try expressions with. */
  sample: Readonly<Record<string, unknown>>;
  /** Problems of this node, their paths relative to its settings: `branches/0/when`. */
  problems: readonly Problem[];
  /** Settings that are valid, to show what could stand in a field. */
  example: Settings;
  /** The settings of the node the form belongs to. */
  settings: Settings;
  disabled: boolean;
  /** What the node is called. */
  title?: string;
  /** Calls a change by another name in the history than "Change settings". */
  named?: (deed: string, change: () => void) => void;
  /** The form itself, for fields that hold forms. */
  Form: ComponentType<SettingsFormProps>;
}

export const FormContext = createContext<FormContextValue | null>(null);

export function useForm(): FormContextValue {
  const value = useContext(FormContext);
  if (value === null) throw new Error("Expected a field inside a settings form.");
  return value;
}

export interface FieldProps {
  /** `branches/0/when` */
  path: string;
  schema: JsonSchema;
  value: unknown;
  /** Undefined takes the setting away. */
  onChange: (value: unknown) => void;
  label: string;
}

/** `branches/0/when` → `branches.0.when` */
export function testIdOf(path: string): string {
  return `field-${path.replaceAll("/", ".")}`;
}

/**
 * Where in a node's form a problem belongs. Settings go by their own path (`branches/0/when`), what else the node says
 * by a `$` before it (`$events/0/after`, `$visits_max`).
 */
export function pathInForm(problem: Problem): string | null {
  const match = /^\/?nodes\/\d+\/(\w+)(?:\/(.*))?$/.exec(problem.path);
  if (match === null) return null;
  const [, part = "", rest] = match;
  if (part === "settings") return rest ?? "";
  return ["events", "visits_max", "result", "name"].includes(part)
    ? [`$${part}`, rest].filter(Boolean).join("/")
    : null;
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
