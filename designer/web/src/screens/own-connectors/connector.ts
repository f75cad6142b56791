// What an own connector is, as the API tells it, and small pure questions about it.

import type { JsonSchema } from "../../schema";
import type { JsonObject } from "../../ui/form/kinds";
import type { Text } from "../../ui/text";

export interface Param {
  name: string;
  in: "path" | "query" | "header" | "body" | "none";
  field?: string;
  type?: string;
  required?: boolean;
  title?: Text;
  help?: Text;
  schema?: JsonSchema;
}

export interface Operation {
  name: string;
  title?: Text;
  method: string;
  path: string;
  effect: string;
  ref?: string;
  params?: Param[];
  [more: string]: unknown;
}

export interface Definition {
  title: Text;
  base_url: string;
  auth?: JsonObject;
  operations: Operation[];
  document?: { title?: string; version?: string; kind?: string };
  [more: string]: unknown;
}

export interface Brief {
  key: string;
  connector: string;
  title: Text;
  base_url: string;
  operations: number;
  version: number;
  updated_at: string;
}

export interface OwnConnector extends Brief {
  definition: Definition;
  connections: string[];
}

export interface Forms {
  general: JsonSchema;
  operation: JsonSchema;
}

export interface Note {
  code: string;
  where: string;
  what: string;
}

export interface ReadDocument {
  definition: Definition;
  notes: Note[];
}

export interface Change {
  ref: string;
  name: string;
  title: Text;
  state: "new" | "changed" | "gone" | "same";
  parts: { part: string; state: string; name?: string; required?: boolean }[];
}

export const KEY = /^[a-z][a-z0-9_-]{0,35}$/;
export const DOCUMENT_MAX = 5_000_000;

/** `Acme Warehouse API` → `acme-warehouse-api`: a key one can live with. */
export function keyOf(title: string): string {
  const plain = title
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^[^a-z]+/, "")
    .slice(0, 32)
    .replace(/-+$/, "");
  return plain || "my-api";
}

/** What is asked besides its operations, and besides what an import noted. */
export function generalOf(definition: Definition): JsonObject {
  const { operations: _operations, document: _document, ...general } = definition;
  return general;
}

/** The form of that. */
export function generalForm(schema: JsonSchema): JsonSchema {
  const { document: _document, ...properties } = schema.properties ?? {};
  return { ...schema, properties };
}

/** A definition with what was typed into that form. */
export function withGeneral(definition: Definition, typed: JsonObject): Definition {
  const { operations, document } = definition;
  return { ...(typed as Definition), operations, ...(document ? { document } : {}) };
}

/** The form of an operation's parameters, for trying it. */
export function paramsForm(operation: Operation): JsonSchema {
  const properties = (operation.params ?? []).map((param): [string, JsonSchema] => [
    param.name,
    {
      ...(param.schema ?? {}),
      type: param.type ?? "string",
      "x-title": param.title ?? { en: param.name, zh: param.name },
      ...(param.help ? { "x-help": param.help } : {}),
    },
  ]);
  return {
    type: "object",
    properties: Object.fromEntries(properties),
    required: (operation.params ?? []).filter((one) => one.required).map((one) => one.name),
  };
}

/** What an account needs, by the kind of credentials: settings and secrets to try it with. */
export function accountForm(definition: Definition): { settings: string[]; secrets: string[] } {
  const auth = definition.auth ?? {};
  switch (auth["kind"]) {
    case "basic":
      return { settings: [], secrets: ["username", "password"] };
    case "bearer":
    case "key":
      return { settings: [], secrets: ["token"] };
    case "oauth2":
      return { settings: ["client_id"], secrets: ["client_secret"] };
    case "hmac": {
      const parts = (auth["parts"] ?? []) as { kind?: string }[];
      const named = Boolean(auth["key_name"]) || parts.some((part) => part.kind === "key");
      return { settings: named ? ["app_key"] : [], secrets: ["secret"] };
    }
    default:
      return { settings: [], secrets: [] };
  }
}

export function emptyOperation(taken: readonly string[]): Operation {
  let number = taken.length + 1;
  while (taken.includes(`operation_${number}`)) number += 1;
  return { name: `operation_${number}`, method: "GET", path: "/", effect: "pure", params: [] };
}
