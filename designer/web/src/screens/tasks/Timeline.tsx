// What has happened so far, oldest first.

import { useTranslation } from "react-i18next";
import type { TimelineEntry } from "../../api/types";
import { Card } from "../../ui/page";
import { useText } from "../../ui/text";
import { RelativeTime } from "../../ui/time";
import { nameOf } from "./task";

export function Timeline({ entries }: { entries: TimelineEntry[] }) {
  const { t } = useTranslation("tasks");
  const { text } = useText();
  if (entries.length === 0) return null;
  return (
    <Card title={t("timeline")}>
      <ol className="hr-timeline">
        {entries.map((entry, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: entries are only ever added at the end
          <li key={index}>
            <p>
              <strong>
                {nameOf(entry.who as { id: string; name: string } | string | null) || t("engine")}
              </strong>{" "}
              {text(entry.what)}
            </p>
            {entry.comment && <blockquote>{entry.comment}</blockquote>}
            <p className="hr-muted hr-small">
              <RelativeTime at={entry.at} />
            </p>
          </li>
        ))}
      </ol>
    </Card>
  );
}
