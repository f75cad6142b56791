// What a case expected and did not get, in one sentence.

import { useCallback } from "react";
import { useTranslation } from "react-i18next";
import { nodeOf } from "../document";
import type { Words } from "../sentence";
import { useEditor } from "../store";
import { nameOf } from "../variables";
import { type Unmet, valueText } from "./cases";

const SHOWN_MAX = 12;

export function useUnmetWords(words: Words): (one: Unmet) => string {
  const { t } = useTranslation("cases");
  const document = useEditor((state) => state.history.present);
  const types = useEditor((state) => state.types);
  return useCallback(
    ({ what, expected, found }) => {
      const named = (id: unknown) => {
        const node = nodeOf(document, String(id));
        return node === undefined ? String(id) : nameOf(node, types, words.text);
      };
      const path = (ids: unknown) => {
        const all = Array.isArray(ids) ? ids.map(named) : [];
        const more = all.length > SHOWN_MAX ? ["…"] : [];
        return [...all.slice(0, SHOWN_MAX), ...more].join(" → ") || t("nothing");
      };
      const [kind = "", ...rest] = what.split(".");
      const name = rest.join(".");
      if (kind === "status")
        return t("unmet.status", {
          expected: t(`status.${expected}`, { defaultValue: String(expected ?? "–") }),
          found: t(`status.${found}`, { defaultValue: String(found) }),
        });
      if (kind === "end")
        return t("unmet.end", {
          expected: named(expected),
          found: found === null ? t("nothing") : named(found),
        });
      if (kind === "visited")
        return t("unmet.visited", { expected: path(expected), found: path(found) });
      if (kind === "not_visited") return t("unmet.not_visited", { name: named(expected) });
      if (kind === "asked")
        return t("unmet.asked", {
          name: named(name),
          expected: people(expected, words),
          found: people(found, words) || t("nobody"),
        });
      if (kind === "notified")
        return t("unmet.notified", { name, expected: person(`role:${expected}`, words) });
      if (kind === "not_notified") return t("unmet.not_notified", { name: String(expected) });
      return t("unmet.value", {
        name: kind === "variables" || kind === "output" ? name : what,
        expected: valueText(expected),
        found: found === null || found === undefined ? t("nothing") : valueText(found),
      });
    },
    [t, document, types, words],
  );
}

export function people(ids: unknown, words: Words): string {
  if (!Array.isArray(ids)) return "";
  return ids.map((id) => person(String(id), words)).join(", ");
}

export function person(id: string, words: Words): string {
  const found = id.startsWith("role:") ? words.roleOf?.(id.slice(5)) : words.userOf?.(id);
  return found ?? id;
}
