// What a document could not say, or what was left out of it.

import { useTranslation } from "react-i18next";
import type { Note } from "./connector";

export function Notes({ notes }: { notes: Note[] }) {
  const { t } = useTranslation("own_connectors");
  if (notes.length === 0) return null;
  return (
    <details className="hr-own-notes" open={notes.length <= 3}>
      <summary>{t("notes", { count: notes.length })}</summary>
      <ul>
        {notes.map((note) => (
          <li key={`${note.code} ${note.where} ${note.what}`}>
            {t(`note.${note.code}` as "note.base_missing", { defaultValue: note.code })}
            {note.where !== "" && <code>{note.where}</code>}
            {note.what !== "" && <span className="hr-muted">{note.what}</span>}
          </li>
        ))}
      </ul>
    </details>
  );
}
