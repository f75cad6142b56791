// A problem of a flow in one sentence, with the setting called what the form calls it.

import type { TFunction } from "i18next";
import { useCallback } from "react";
import { useTranslation } from "react-i18next";
import type { Problem } from "../api/client";
import type { JsonSchema } from "../schema";
import { problemText, reasonOf, reasonText } from "../ui/errorText";
import { useText } from "../ui/text";
import { type FlowDocument, type NodeTypes, nodeOf, type Text } from "./document";
import { useEditor } from "./store";

/** `beside`: what is shown need not wait for the words of errors, they follow. */
export function useProblemWords(beside = false): (problem: Problem) => string {
  const some = useEditor((state) => state.problems.length > 0);
  const { t } = useTranslation(beside && !some ? ["editor"] : ["editor", "errors"], {
    useSuspense: !beside,
  });
  const { language } = useText();
  const types = useEditor((state) => state.types);
  return useCallback(
    (problem) => {
      const params = problem.params ?? {};
      const pick = (value: unknown) => {
        const text = (value ?? {}) as Text;
        return typeof value === "string" ? value : text[language] || text.zh || text.en || "";
      };
      const document = useEditor.getState().history.present;
      const setting = settingOf(problem, document, types);
      return t(`editor:problem.${problem.code}`, {
        ...params,
        name: pick(params["name"]),
        title: pick(params["title"]) || String(params["port"] ?? ""),
        label:
          pick(setting?.["x-title"]) ||
          eventField(problem.path, t) ||
          String(params["setting"] ?? ""),
        message: reasonText(problem.message),
        reason: reasonOf(problem),
        defaultValue: problemText(t, problem),
      });
    },
    [t, language, types],
  );
}

/** `…/events/0/after` is "After" as the form of events calls it. */
function eventField(path: string, t: TFunction): string {
  const name = /\$?events\/\d+\/(\w+)/.exec(path)?.[1];
  return name === undefined ? "" : t(`editor:event.field_${name}`, { defaultValue: name });
}

/** The schema of the setting a problem's path leads to. */
function settingOf(
  problem: Problem,
  document: FlowDocument,
  types: NodeTypes,
): JsonSchema | undefined {
  const node = nodeOf(document, problem.node ?? "");
  // Inside a form the path begins at the settings already.
  const inside = /\/settings\/(.+)$/.exec(problem.path)?.[1] ?? problem.path;
  const path = inside.startsWith("/") ? [] : inside.split("/");
  let schema: JsonSchema | undefined = types.get(node?.type ?? "")?.settings;
  let named: JsonSchema | undefined;
  for (const name of path) {
    schema = schema?.properties?.[name] ?? schema?.items;
    if (schema?.["x-title"] !== undefined) named = schema;
  }
  return named;
}
