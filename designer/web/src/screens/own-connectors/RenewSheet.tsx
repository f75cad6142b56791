// A newer document of the same API: what it changes, and which of that to take.

import { Button } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api } from "../../api/client";
import { Sheet } from "../../ui/Sheet";
import { Tag, type Tone } from "../../ui/StatusTag";
import { Trouble } from "../../ui/Trouble";
import { useText } from "../../ui/text";
import type { Change, Note, OwnConnector } from "./connector";
import { DocumentField } from "./DocumentField";
import { Notes } from "./Notes";

interface RenewSheetProps {
  kept: OwnConnector;
  onDone: (made: OwnConnector) => void;
  onClose: () => void;
}

interface Compared {
  changes: Change[];
  notes: Note[];
}

const TONES: Record<Change["state"], Tone> = {
  new: "ok",
  changed: "warn",
  gone: "error",
  same: "neutral",
};

export function RenewSheet({ kept, onDone, onClose }: RenewSheetProps) {
  const { t } = useTranslation("own_connectors");
  const { text } = useText();
  const [document, setDocument] = useState("");
  const [found, setFound] = useState<Compared | null>(null);
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const doing = async (what: () => Promise<void>) => {
    setBusy(true);
    setError(null);
    try {
      await what();
    } catch (reason) {
      setError(reason);
    } finally {
      setBusy(false);
    }
  };
  const compare = () =>
    doing(async () => {
      const answer = await api.post<Compared>(`/api/own-connectors/${kept.key}/compare`, {
        document,
      });
      setFound(answer);
      const changed = answer.changes.filter((one) => one.state === "changed");
      setChosen(new Set(changed.map((one) => one.ref)));
    });
  const take = () =>
    doing(async () =>
      onDone(
        await api.post<OwnConnector>(`/api/own-connectors/${kept.key}/renew`, {
          document,
          refs: [...chosen],
          base: kept.version,
        }),
      ),
    );
  const toggle = (ref: string, on: boolean) => {
    const next = new Set(chosen);
    if (on) next.add(ref);
    else next.delete(ref);
    setChosen(next);
  };
  const different = found?.changes.filter((one) => one.state !== "same") ?? [];
  return (
    <Sheet
      title={t("renew")}
      onClose={onClose}
      wide
      testId="renew-sheet"
      foot={
        found === null ? (
          <Button
            type="primary"
            disabled={document.trim() === ""}
            loading={busy}
            onClick={compare}
            data-testid="btn-compare"
          >
            {t("compare")}
          </Button>
        ) : (
          <>
            <Button onClick={() => setFound(null)}>{t("back")}</Button>
            <Button
              type="primary"
              disabled={chosen.size === 0}
              loading={busy}
              onClick={take}
              data-testid="btn-take"
            >
              {t("take", { count: chosen.size })}
            </Button>
          </>
        )
      }
    >
      {found === null ? (
        <>
          <p className="hr-muted">{t("renew_text")}</p>
          <DocumentField value={document} onChange={setDocument} />
        </>
      ) : (
        <>
          <Notes notes={found.notes} />
          {different.length === 0 && <p>{t("nothing_changed")}</p>}
          <ul className="hr-own-choices">
            {different.map((one) => (
              <li key={one.ref}>
                <label>
                  <input
                    type="checkbox"
                    checked={chosen.has(one.ref)}
                    onChange={(event) => toggle(one.ref, event.target.checked)}
                    data-testid={`change-${one.name}`}
                  />
                  <Tag tone={TONES[one.state]}>{t(`change.${one.state}`)}</Tag>
                  <span className="hr-own-change">
                    <span>
                      <code>{one.ref}</code> {text(one.title)}
                    </span>
                    {one.parts.length > 0 && (
                      <small className="hr-muted">
                        {one.parts
                          .map((part) =>
                            part.part === "param"
                              ? t(`param.${part.state}` as "param.new", { name: part.name })
                              : t(`part.${part.part}` as "part.path"),
                          )
                          .join(" · ")}
                      </small>
                    )}
                  </span>
                </label>
              </li>
            ))}
          </ul>
        </>
      )}
      {error !== null && <Trouble error={error} />}
    </Sheet>
  );
}
