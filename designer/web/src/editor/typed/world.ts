// What typed steps may name: roles, tables, decision tables, platforms, flows, and what is drawn already.

import type { JsonSchema } from "../../schema";
import type { Text } from "../document";
import type { Variable } from "../variables";

export interface Known {
  key: string;
  title: Text;
}

export interface Column {
  name: string;
  title?: Text;
  kind?: string;
}

export interface KnownTable extends Known {
  /** Left out: not asked for yet. */
  keyField?: string | undefined;
  fields?: Column[] | undefined;
}

export interface KnownDecision extends Known {
  inputs?: Column[] | undefined;
  outputs?: Column[] | undefined;
}

export interface KnownOperation {
  connection: string;
  /** `alipay.refund` */
  name: string;
  title: Text;
  /** The connection's and the connector's names. */
  of: readonly string[];
  params: readonly Column[];
}

export interface KnownNode {
  id: string;
  title: Text;
  type: string;
  /** Of a record or a decision: which table. */
  table?: string;
}

export interface World {
  language: "zh" | "en";
  /** The flow's name. */
  flow: Text;
  /** What the flow asks at its start. */
  input: JsonSchema;
  variables: readonly Variable[];
  roles: readonly Known[];
  people: readonly { login: string; name: string }[];
  tables: readonly KnownTable[];
  decisions: readonly KnownDecision[];
  operations: readonly KnownOperation[];
  flows: readonly Known[];
  /** Kinds of nodes, by name. */
  kinds: readonly Known[];
  nodes: readonly KnownNode[];
  /** Ids and names that are no longer free. */
  taken: readonly string[];
}
