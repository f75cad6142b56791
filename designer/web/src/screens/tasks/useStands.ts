// How a task stands that somebody else was faster at, in a sentence: "Ben has rejected it, 2 minutes ago."

import { useTranslation } from "react-i18next";
import type { ApiError } from "../../api/client";
import { useText } from "../../ui/text";
import { relativeTime } from "../../ui/time";
import { nameOf } from "./task";

interface Current {
  status?: string;
  decision?: string | null;
  by?: { id: string; name: string } | string | null;
  ended_at?: string | null;
  at?: string | null;
}

export function useStands(): (error: ApiError) => string {
  const { t } = useTranslation("tasks");
  const { language } = useText();
  return (error) => {
    const why = error.params["why"];
    if (error.code === "refused" && typeof why === "string") {
      const { params } = error.params as { params?: Record<string, unknown> };
      return t(`why.${why}`, { ...params, defaultValue: t("why.not_allowed") });
    }
    const current = (error.params["current"] ?? {}) as Current;
    const outcome = current.status === "open" ? current.decision : current.status;
    const at = current.ended_at ?? current.at;
    if (!outcome) return t("conflict_text");
    const by = nameOf(current.by);
    return [
      by
        ? t(`stands_by.${outcome}`, { name: by, defaultValue: t("conflict_text") })
        : t(`stands.${outcome}`, { defaultValue: t("conflict_text") }),
      at ? `(${relativeTime(at, Date.now(), language, t("app:just_now"))})` : "",
    ]
      .filter(Boolean)
      .join(" ");
  };
}
