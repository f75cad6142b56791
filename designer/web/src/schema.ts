// The part of JSON Schema that forms and the settings of nodes are drawn from, with our annotations.

import type { Text } from "./ui/text";

/** What one may do with a field at a node. */
export type Right = "hidden" | "read" | "edit" | "required";

/** How a form is laid out: fields in one or two columns, in sections; what no section names comes first. */
export interface FormUi {
  columns?: 1 | 2;
  sections?: FormSection[];
}

export interface FormSection {
  title: Text;
  help?: Text;
  fields: string[];
}

export interface JsonSchema {
  type?: string | string[];
  title?: string;
  description?: string;
  properties?: Record<string, JsonSchema>;
  required?: string[];
  additionalProperties?: boolean | JsonSchema;
  items?: JsonSchema;
  enum?: unknown[];
  const?: unknown;
  oneOf?: JsonSchema[];
  anyOf?: JsonSchema[];
  default?: unknown;
  format?: string;
  minLength?: number;
  maxLength?: number;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  exclusiveMaximum?: number;
  multipleOf?: number;
  minItems?: number;
  maxItems?: number;
  pattern?: string;
  uniqueItems?: boolean;
  examples?: unknown[];
  readOnly?: boolean;
  "x-title"?: Text;
  "x-help"?: Text;
  "x-order"?: string[];
  "x-advanced"?: boolean;
  "x-widget"?: string;
  /** Asked only when another field of the same record has one of these values (or has it as default). */
  "x-when"?: Record<string, unknown[]>;
  /** Worked out from other fields (forms/formula.ts), never typed. */
  "x-compute"?: string;
  /** Digits after the point of what is worked out or shown. */
  "x-decimals"?: number;
  /** CNY, USD …: shown beside an amount. */
  "x-currency"?: string;
  /** Of a column: its sum stands under the table. */
  "x-total"?: boolean;
  /** Shown with stars to whoever has none of the roles in `x-unmask`: phone, id_card, bank_card, name, email … */
  "x-mask"?: string;
  "x-unmask"?: string[];
  /** Attachments: what may be handed in (`image`, `pdf`, `sheet`, `document`, `archive`), and how large each (megabytes). */
  "x-accept"?: string[];
  "x-max-mb"?: number;
  /** A choice whose options come from a table. */
  "x-options"?: { table: string; title?: string };
  /** Layout: full width although there are two columns. */
  "x-wide"?: boolean;
  /** Of an input: instances can be found by it. */
  "x-search"?: boolean;
  /** How a form is laid out; of the flow's forms. */
  "x-ui"?: FormUi;
  "x-rights"?: Record<string, Right>;
  "x-others"?: Right;
  "x-into"?: string;
  /** Of a node's setting, a choice of nodes: any, those where work rests, all but this one, those that can be undone. */
  "x-node"?: "" | "waits" | "others" | "undone";
  /**
   * Of a node's names and values: the names are fields of the chosen table, what a decision table asks, what the chosen flow asks,
   * what this flow asks; of an expression: it is a record, its names are free.
   */
  "x-names"?: "table" | "decision" | "flow" | "input" | "record";
  /** Names that only this setting of a node knows, besides the variables of the flow. */
  "x-variables"?: string[];
  /** Titles of the values of an `enum`, by value. */
  "x-enum-titles"?: Record<string, Text>;
}
