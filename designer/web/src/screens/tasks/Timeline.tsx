// What has happened with the whole case so far, oldest first: who decided where, for whom, and what they said.

import { useTranslation } from "react-i18next";
import type { PersonRef } from "../../people/people";
import { Card } from "../../ui/page";
import { type Text, useText } from "../../ui/text";
import { RelativeTime } from "../../ui/time";
import { nameOf } from "./task";

export interface TimelineEntry {
  at: string;
  who: PersonRef | string | null;
  what: Text | string;
  comment?: string | null;
  decision?: string | null;
  node_name?: Text | string | null;
  round?: number;
  on_behalf_of?: PersonRef | string | null;
  to?: string[];
}

export function Timeline({ entries }: { entries: TimelineEntry[] }) {
  const { t } = useTranslation("tasks");
  if (entries.length === 0) return null;
  return (
    <Card title={t("timeline")} testId="timeline">
      <ol className="hr-timeline">
        {entries.map((entry, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: entries are only ever added at the end
          <Entry key={index} entry={entry} />
        ))}
      </ol>
    </Card>
  );
}

function Entry({ entry }: { entry: TimelineEntry }) {
  const { t } = useTranslation("tasks");
  const { text } = useText();
  const name = nameOf(entry.who) || t("engine");
  const behalf = nameOf(entry.on_behalf_of);
  const place = [
    text(entry.node_name),
    (entry.round ?? 1) > 1 ? t("round", { count: entry.round }) : "",
  ].filter(Boolean);
  return (
    <li data-decision={entry.decision ?? undefined}>
      <p>
        <strong>{behalf ? t("seat_behalf", { name, of: behalf }) : name}</strong> {text(entry.what)}
        {(entry.to ?? []).length > 0 && <> → {(entry.to ?? []).join(t("comma"))}</>}
      </p>
      {entry.comment && <blockquote>{entry.comment}</blockquote>}
      <p className="hr-muted hr-small">
        {place.length > 0 && <>{place.join(" · ")} · </>}
        <RelativeTime at={entry.at} />
      </p>
    </li>
  );
}
