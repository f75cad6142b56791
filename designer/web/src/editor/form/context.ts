// What every field of a settings form may ask for: the values that can be used, the words, what is wrong.

import { type ComponentType, createContext, useContext } from "react";
import type { Problem } from "../../api/client";
import type { Schema, Settings } from "../document";
import type { Words } from "../sentence";
import type { Variable } from "../variables";

export interface SettingsFormProps {
  schema: Schema;
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
  disabled: boolean;
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
  schema: Schema;
  value: unknown;
  /** Undefined takes the setting away. */
  onChange: (value: unknown) => void;
  label: string;
}

/** `branches/0/when` → `branches.0.when` */
export function testIdOf(path: string): string {
  return `field-${path.replaceAll("/", ".")}`;
}

/** What a problem says about a node is told by its path; the rest of the path is inside the settings. */
export function pathInSettings(problem: Problem): string | null {
  const match = /^\/?nodes\/\d+\/settings(?:\/(.*))?$/.exec(problem.path);
  return match === null ? null : (match[1] ?? "");
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
