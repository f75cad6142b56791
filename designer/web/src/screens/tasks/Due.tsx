// When it must be decided; said loudly only when it is soon or over.

import { useTranslation } from "react-i18next";
import { StatusTag } from "../../ui/StatusTag";
import { useText } from "../../ui/text";
import { relativeTime, useNow } from "../../ui/time";

const SOON_MS = 4 * 3_600_000;

export function Due({ at }: { at: string | null | undefined }) {
  const { t } = useTranslation("tasks");
  const { language } = useText();
  const now = useNow();
  if (!at) return null;
  const left = Date.parse(at) - now;
  const when = relativeTime(at, now, language);
  if (left < 0) return <StatusTag status="overdue">{t("overdue", { when })}</StatusTag>;
  if (left < SOON_MS) return <StatusTag status="due_soon">{t("due", { when })}</StatusTag>;
  return <span className="hr-muted hr-small">{t("due", { when })}</span>;
}
