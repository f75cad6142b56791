// What was done and to what, newest first; a click goes back (or forward) to right after it.

import { useTranslation } from "react-i18next";
import { useText } from "../ui/text";
import { clockTime } from "../ui/time";
import type { Words } from "./sentence";
import { useEditor } from "./store";
import { subjectOf } from "./subject";

export function HistoryPanel({ words }: { words: Words }) {
  const { t } = useTranslation(["editor", "canvas"]);
  const { past, future } = useEditor((state) => state.history);
  const types = useEditor((state) => state.types);
  const { language } = useText();
  const { stepTo } = useEditor.getState();
  const entries = [...past, ...future];
  return (
    <ol className="hr-history" data-testid="history">
      {entries
        .map((entry, index) => ({ entry, count: index + 1 }))
        .reverse()
        .map(({ entry, count }) => (
          <li key={`${entry.at} ${count}`}>
            <button
              type="button"
              aria-current={count === past.length}
              data-undone={count > past.length || undefined}
              onClick={() => stepTo(count)}
            >
              <span className="hr-history-words">
                {t(`command.${entry.label}`)}
                <small>{subjectOf(entry.before, entry.after, types, words)}</small>
              </span>
              <time>{clockTime(entry.at, language)}</time>
            </button>
          </li>
        ))}
      <li>
        <button type="button" aria-current={past.length === 0} onClick={() => stepTo(0)}>
          {t("history.opened")}
        </button>
      </li>
    </ol>
  );
}
