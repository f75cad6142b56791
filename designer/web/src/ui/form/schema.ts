// The part of JSON Schema that forms are drawn from, with our annotations.

import type { Text } from "../text";

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
  examples?: unknown[];
  readOnly?: boolean;
  "x-title"?: Text;
  "x-help"?: Text;
  "x-order"?: string[];
  "x-advanced"?: boolean;
  "x-widget"?: string;
  /** Asked only when another field of the same record has one of these values (or has it as default). */
  "x-when"?: Record<string, unknown[]>;
  /** Titles of the values of an `enum`, by value. */
  "x-enum-titles"?: Record<string, Text>;
}
