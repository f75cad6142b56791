// What typed steps may name, asked of the server: lists when the menu opens, a table's fields when it is named or drawn.

import { useQueries, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { api } from "../../api/client";
import { useMay } from "../../api/session";
import type { Page } from "../../api/types";
import { useText } from "../../ui/text";
import { askedInput, type FlowDocument, type NodeTypes, type Text } from "../document";
import { useDecisionTables, useTables } from "../form/tables";
import { useConnections, useFlows, usePeople, useRoles } from "../remote";
import { variablesAt } from "../variables";
import { plain } from "./words";
import type { Column, KnownNode, World } from "./world";

const RARELY_MS = 300_000;
const SYSTEM_ROLES = new Set(["administrator", "approver", "designer", "operator"]);

interface Detail {
  key: string;
  definition: {
    key_field?: string;
    fields?: (Column & { hidden?: boolean })[];
    inputs?: Column[];
    outputs?: Column[];
  };
}

interface Offering {
  name: string;
  title: Text;
  operations: {
    name: string;
    title: Text;
    asked: boolean;
    params: { properties?: Record<string, { "x-title"?: Text }> };
  }[];
}

/** `near`: the node behind which steps are put, which says what values there are. */
export function useWorld(
  document: FlowDocument,
  types: NodeTypes,
  near: string | null,
  typed: string,
): World {
  const { t } = useTranslation("editor");
  const { text, language } = useText();
  const may = useMay();
  const roles = useRoles();
  const people = usePeople();
  const flows = useFlows();
  const connections = useConnections();
  const tables = useTables();
  const decisions = useDecisionTables();
  const { data: offered } = useQuery({
    enabled: may("connections:read"),
    queryKey: ["/api/connectors", "for-editor"],
    queryFn: () => api.get<Page<Offering>>("/api/connectors"),
    staleTime: RARELY_MS,
  });
  const drawn = new Set(document.nodes.map(({ settings }) => settings["table"]));
  const said = plain(typed);
  const named = <Item extends { key: string; title: Text }>(items: readonly Item[]) =>
    items.filter(
      ({ key, title }) =>
        drawn.has(key) ||
        [key, ...Object.values(title)].some((name) => name !== "" && said.includes(plain(name))),
    );
  const details = useDetails("/api/tables", named(tables), "records:read");
  const columns = useDetails("/api/decision-tables", named(decisions), "flows:read");

  return useMemo(() => {
    const nodes = document.nodes.map((node): KnownNode => {
      const table = node.settings["table"];
      return {
        id: node.result ?? node.id,
        title: node.name ?? {},
        type: node.type,
        ...(typeof table === "string" ? { table } : {}),
      };
    });
    return {
      language: language === "zh" ? "zh" : "en",
      flow: document.name,
      input: askedInput(document),
      variables: variablesNear(),
      roles: roles
        .filter(({ key }) => !SYSTEM_ROLES.has(key))
        .map(({ key, title }) => ({ key, title })),
      people: people.map(({ login, name }) => ({ login, name: name || login })),
      tables: tables.map((table) => {
        const found = details.get(table.key)?.definition;
        const fields = found?.fields?.filter((field) => field.hidden !== true);
        return { ...table, keyField: found?.key_field, fields };
      }),
      decisions: decisions.map((table) => {
        const found = columns.get(table.key)?.definition;
        return { ...table, inputs: found?.inputs, outputs: found?.outputs };
      }),
      operations: connections.flatMap((connection) => {
        const offering = offered?.items.find(({ name }) => name === connection.connector);
        return (offering?.operations ?? [])
          .filter(({ asked }) => asked)
          .map((one) => ({
            connection: connection.key,
            name: `${connection.connector}.${one.name}`,
            title: one.title,
            of: [
              connection.key,
              ...namesOf(connection.name),
              ...Object.values(offering?.title ?? {}),
            ],
            params: Object.entries(one.params.properties ?? {}).map(([name, schema]) => ({
              name,
              ...(schema["x-title"] === undefined ? {} : { title: schema["x-title"] }),
            })),
          }));
      }),
      flows: flows
        .filter(({ key }) => key !== document.key)
        .map(({ key, name }) => ({ key, title: name as Text })),
      kinds: [...types.values()].map(({ name, title }) => ({ key: name, title })),
      nodes,
      taken: [
        ...document.nodes.map(({ id }) => id),
        ...Object.keys(askedInput(document).properties ?? {}),
      ],
    };

    function variablesNear() {
      // With the node itself, what it answers counts as well: the next one stands behind it.
      const beyond: FlowDocument =
        near === null
          ? document
          : {
              ...document,
              nodes: [
                ...document.nodes,
                { id: "$next", type: "", position: { x: 0, y: 0 }, settings: {} },
              ],
              edges: [...document.edges, { id: "$next", from: near, port: "", to: "$next" }],
            };
      return variablesAt(beyond, near === null ? null : "$next", types, t, text);
    }
  }, [
    document,
    types,
    near,
    language,
    roles,
    people,
    tables,
    decisions,
    details,
    columns,
    connections,
    offered,
    flows,
    t,
    text,
  ]);
}

/** What is in these, as far as it has come. */
function useDetails(
  path: string,
  wanted: readonly { key: string }[],
  permission: string,
): ReadonlyMap<string, Detail> {
  const may = useMay()(permission);
  return useQueries({
    queries: (may ? wanted : []).map(({ key }) => ({
      queryKey: [`${path}/${key}`, "for-editor"],
      queryFn: () => api.get<Detail>(`${path}/${key}`),
      staleTime: RARELY_MS,
      retry: false,
    })),
    combine: together,
  });
}

function namesOf(name: Text | string): string[] {
  return typeof name === "string" ? [name] : Object.values(name);
}

function together(found: { data: Detail | undefined }[]): ReadonlyMap<string, Detail> {
  return new Map(found.flatMap(({ data }) => (data === undefined ? [] : [[data.key, data]])));
}
