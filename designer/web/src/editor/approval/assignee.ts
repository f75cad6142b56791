// Who decides, as it is drawn, and how people say it.

import type { Words } from "../sentence";

export const ASSIGNEE_KINDS = [
  "user",
  "role",
  "initiator",
  "supervisor",
  "department_head",
  "post",
  "department",
  "chosen",
  "rota",
  "field",
  "expression",
] as const;
export type AssigneeKind = (typeof ASSIGNEE_KINDS)[number];

/** Whose superior, whose department: the one who started it, who decided last, a person, or whom the data name. */
export type Whose = "initiator" | "approver" | { user: string } | { expression: string };

export interface Assignee {
  kind: AssigneeKind;
  id?: string;
  of?: Whose;
  level?: number;
  to_post?: string;
  chain?: boolean;
  department?: string;
  deep?: boolean;
  name?: string;
  min?: number;
  max?: number;
  among?: Assignee[];
  path?: string;
  value?: string;
}

export function assigneesOf(value: unknown): Assignee[] {
  if (!Array.isArray(value)) return [];
  return value.filter(
    (each: unknown): each is Assignee =>
      typeof each === "object" && each !== null && "kind" in each,
  );
}

/** A fresh one of this kind, with what is usual. */
export function newAssignee(kind: AssigneeKind, id = ""): Assignee {
  switch (kind) {
    case "initiator":
      return { kind };
    case "supervisor":
      return { kind, of: "initiator", level: 1 };
    case "department_head":
      return { kind, of: "initiator" };
    case "chosen":
      return { kind, name: "approvers", min: 1 };
    case "field":
      return { kind, path: id };
    case "expression":
      return { kind, value: id };
    default:
      return { kind, id };
  }
}

/** Kinds that are more than one name: they have settings to unfold. */
export function hasDetails({ kind }: Assignee): boolean {
  return !["user", "role", "initiator", "rota"].includes(kind);
}

/** What is still missing before it means somebody; "" when nothing is. */
export function lacks(assignee: Assignee): "" | "id" | "path" | "value" | "name" {
  switch (assignee.kind) {
    case "user":
    case "role":
    case "post":
    case "department":
    case "rota":
      return assignee.id ? "" : "id";
    case "field":
      return assignee.path ? "" : "path";
    case "expression":
      return assignee.value ? "" : "value";
    case "chosen":
      return assignee.name ? "" : "name";
    default:
      return "";
  }
}

export function whoseSentence(of: Whose | undefined, words: Words): string {
  if (of === undefined || of === "initiator") return words.t("assignee.of_initiator");
  if (of === "approver") return words.t("assignee.of_approver");
  if ("user" in of) return words.userOf?.(of.user) ?? of.user;
  return of.expression;
}

export function assigneeSentence(assignee: Assignee, words: Words): string {
  const { t } = words;
  const of = () => whoseSentence(assignee.of, words);
  const id = assignee.id ?? "";
  switch (assignee.kind) {
    case "role":
      return t("assignee.is_role", { name: words.roleOf?.(id) ?? id });
    case "user":
      return words.userOf?.(id) ?? id;
    case "initiator":
      return t("assignee.initiator");
    case "department_head":
      return id === ""
        ? t("assignee.is_head", { of: of() })
        : t("assignee.is_head_of", { department: words.departmentOf?.(id) ?? id });
    case "supervisor":
      return supervisorSentence(assignee, of(), words);
    case "post":
      return assignee.department
        ? t("assignee.is_post_in", {
            name: words.postOf?.(id) ?? id,
            department: words.departmentOf?.(assignee.department) ?? assignee.department,
          })
        : t("assignee.is_post", { name: words.postOf?.(id) ?? id });
    case "department":
      return t(assignee.deep ? "assignee.is_department_deep" : "assignee.is_department", {
        name: words.departmentOf?.(id) ?? id,
      });
    case "chosen":
      return chosenSentence(assignee, words);
    case "field":
      return assignee.path ? t("assignee.is_field", { name: words.titleOf(assignee.path) }) : "";
    case "rota":
      return t("assignee.is_rota", { name: words.rotaOf?.(id) ?? id });
    default:
      return String(assignee.value ?? "");
  }
}

function supervisorSentence(assignee: Assignee, of: string, words: Words): string {
  const { t } = words;
  const { level = 1, to_post: post, chain } = assignee;
  if (post) {
    return t(chain ? "assignee.is_superiors_to" : "assignee.is_superior_to", {
      of,
      post: words.postOf?.(post) ?? post,
    });
  }
  if (chain) return t("assignee.is_superiors", { of, level });
  return level <= 1
    ? t("assignee.is_superior", { of })
    : t("assignee.is_superior_at", { of, level });
}

function chosenSentence({ min, max, among }: Assignee, words: Words): string {
  const { t } = words;
  const from =
    among === undefined || among.length === 0
      ? ""
      : t("assignee.among", { list: sentenceOf(among, words) });
  if (max !== undefined && max === (min ?? 1)) {
    return t("assignee.is_chosen_exactly", { count: max }) + from;
  }
  return (max === undefined ? t("assignee.is_chosen") : t("assignee.is_chosen_up", { max })) + from;
}

/** All of them in one line. */
export function sentenceOf(assignees: unknown, words: Words): string {
  return assigneesOf(assignees)
    .map((each) => assigneeSentence(each, words))
    .filter((name) => name !== "")
    .join(words.t("sentence.comma"));
}
