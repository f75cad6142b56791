// Choose a real instance; what it was given, who decided what and what others answered become a case, with names disguised.

import { useQuery } from "@tanstack/react-query";
import { Alert, Button } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, query } from "../../api/client";
import { useErrorText } from "../../ui/errorText";
import { EmptyState, Loading } from "../../ui/page";
import { SearchField } from "../../ui/SearchField";
import { Sheet } from "../../ui/Sheet";
import { StatusTag } from "../../ui/StatusTag";
import { useText } from "../../ui/text";
import { RelativeTime } from "../../ui/time";
import type { Words } from "../sentence";
import type { CaseContent, NewCase, Unmet } from "./cases";

interface Row {
  id: string;
  business_key: string | null;
  status: string;
  version: number;
  started_at: string;
}

interface Recorded {
  name: string;
  origin: string;
  version: number;
  content: CaseContent;
  hidden: number;
  differences: Unmet[];
}

interface RecordSheetProps {
  flow: string;
  words: Words;
  onRecorded: (found: NewCase) => void;
  onClose: () => void;
}

export function RecordSheet({ flow, onRecorded, onClose }: RecordSheetProps) {
  const { t } = useTranslation("cases");
  const { language } = useText();
  const errorText = useErrorText();
  const [search, setSearch] = useState("");
  const [busy, setBusy] = useState<string | null>(null);
  const [error, setError] = useState<unknown>(null);
  const list = useQuery({
    queryKey: ["instances-to-record", flow, search],
    queryFn: () => api.get<{ items: Row[] }>(`/api/instances${query({ flow, search, limit: 20 })}`),
  });
  const take = async (id: string) => {
    setBusy(id);
    setError(null);
    try {
      const found = await api.post<Recorded>(`/api/flows/${flow}/cases/record`, { instance: id });
      onRecorded({
        name: { [language]: found.name },
        origin: found.origin,
        content: found.content,
        hidden: found.hidden,
        differences: found.differences,
      });
    } catch (caught) {
      setError(caught);
    } finally {
      setBusy(null);
    }
  };
  return (
    <Sheet title={t("record.title")} onClose={onClose} testId="record-sheet">
      <p className="hr-muted-text">{t("record.text")}</p>
      <SearchField label={t("record.search")} value={search} onChange={setSearch} />
      {(error ?? list.error) !== null && (
        <Alert type="error" showIcon title={errorText(error ?? list.error)} />
      )}
      {list.data === undefined ? (
        <Loading rows={4} />
      ) : list.data.items.length === 0 ? (
        <EmptyState title={t("record.none")} text={t("record.none_text")} />
      ) : (
        <ul className="hr-record-list">
          {list.data.items.map((row) => (
            <li key={row.id}>
              <span className="hr-record-name">
                <strong>{row.business_key || row.id}</strong>
                <small className="hr-muted-text">
                  v{row.version} · <RelativeTime at={row.started_at} />
                </small>
              </span>
              <StatusTag status={row.status} />
              <Button
                loading={busy === row.id}
                onClick={() => void take(row.id)}
                aria-label={t("record.take_named", { name: row.business_key || row.id })}
                data-testid={`record-${row.business_key ?? row.id}`}
              >
                {t("record.take")}
              </Button>
            </li>
          ))}
        </ul>
      )}
    </Sheet>
  );
}
