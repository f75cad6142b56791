// The words sentences are made of, for the flow that is shown and the people and roles there are.

import { useMemo, useRef } from "react";
import { useTranslation } from "react-i18next";
import { useText } from "../ui/text";
import {
  askedInput,
  type FlowDocument,
  type FlowNode,
  sameValue,
  type Text,
  usedForm,
} from "./document";
import {
  type Named,
  useConnections,
  useDepartments,
  useFlows,
  usePeople,
  usePosts,
  useRoles,
  useRotas,
} from "./remote";
import { inputTitles, type Words } from "./sentence";

/** The words of another language than the one spoken here, for a document that is handed on. */
export interface Tongue {
  language: "zh" | "en";
  t: Words["t"];
}

export function useWords(document: FlowDocument, tongue?: Tongue): Words {
  const { t: spoken } = useTranslation("editor");
  const { language: own } = useText();
  const { t, language } = tongue ?? { t: spoken, language: own };
  const roles = useRoles();
  const people = usePeople();
  const flows = useFlows();
  const connections = useConnections();
  const { nodes } = document;
  // Most drawings name none of these: they are asked for when one does.
  const named = nodes.map((node) => kindsOf(node.settings["assignees"])).join("");
  const departments = useDepartments(named.includes("department"));
  const posts = usePosts(named.includes("post") || named.includes("supervisor"));
  const rotas = useRotas(named.includes("rota"));
  const uses = nodes.map(usedForm).join();
  // biome-ignore lint/correctness/useExhaustiveDependencies: of the nodes only the forms they use count here
  const input = useMemo(() => askedInput(document), [document.input, document.forms, uses]);
  const fixed = useMemo(() => {
    const text = textIn(language);
    return {
      t,
      text,
      ...inputTitles(input, text),
      roleOf: (key: string) => text(roles.find((role) => role.key === key)?.title) || key,
      userOf: (id: string) =>
        people.find((person) => person.id === id || person.login === id)?.name ?? id,
      flowOf: (key: string) => text(flows.find((flow) => flow.key === key)?.name) || key,
      connectionOf: (key: string) =>
        text(connections.find((connection) => connection.key === key)?.name) || key,
      departmentOf: nameIn(departments, text),
      postOf: nameIn(posts, text),
      rotaOf: nameIn(rotas, text),
    };
  }, [t, language, input, roles, people, flows, connections, departments, posts, rotas]);
  // Names change seldom, positions at every drag: the words only change with the names.
  const called = useNames(nodes);
  return useMemo(
    () => ({ ...fixed, fixed, nodeOf: (id) => fixed.text(called.get(id)) || id }),
    [fixed, called],
  );
}

/** The names of the nodes; the same map until one of them changes. */
function useNames(nodes: readonly FlowNode[]): ReadonlyMap<string, Text | undefined> {
  const last = useRef<ReadonlyMap<string, Text | undefined>>(new Map());
  return useMemo(() => {
    const before = last.current;
    const same =
      before.size === nodes.length &&
      nodes.every(
        ({ id, name }) =>
          before.has(id) && (before.get(id) === name || sameValue(before.get(id), name)),
      );
    if (!same) last.current = new Map(nodes.map(({ id, name }) => [id, name]));
    return last.current;
  }, [nodes]);
}

function kindsOf(assignees: unknown): string {
  return Array.isArray(assignees) ? assignees.map((each) => `${each?.kind} `).join("") : "";
}

/** By id or by key: drawings that travel use keys. */
function nameIn(items: readonly Named[], text: Words["text"]): (id: string) => string {
  return (id) => text(items.find((each) => each.id === id || each.key === id)?.name) || id;
}

function textIn(language: "zh" | "en"): Words["text"] {
  const other = language === "zh" ? "en" : "zh";
  return (value) => {
    if (value === null || value === undefined) return "";
    return typeof value === "string" ? value : value[language] || value[other] || "";
  };
}
