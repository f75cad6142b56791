// What would be connected by names that are alike, before it is: to be ticked off, then done in one step.

import { Button, Checkbox } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Suggestion } from "./alike";

interface AlikeProps {
  found: readonly Suggestion[];
  onTake: (taken: readonly Suggestion[]) => void;
  onClose: () => void;
}

export function Alike({ found, onTake, onClose }: AlikeProps) {
  const { t } = useTranslation("mapping");
  const [left, setLeft] = useState<ReadonlySet<string>>(new Set());
  const taken = found.filter(({ target }) => !left.has(target.key));
  const toggle = (key: string, on: boolean) => {
    const next = new Set(left);
    if (on) next.delete(key);
    else next.add(key);
    setLeft(next);
  };
  return (
    <section className="hr-map-alike" aria-label={t("alike.heading")} data-testid="map-alike">
      <strong>
        {found.length === 0 ? t("alike.none") : t("alike.found", { count: found.length })}
      </strong>
      {found.length === 0 && <p className="hr-map-hint">{t("alike.none_text")}</p>}
      <ul>
        {found.map(({ target, source, steps, why }) => (
          <li key={target.key}>
            <Checkbox
              checked={!left.has(target.key)}
              onChange={(event) => toggle(target.key, event.target.checked)}
            >
              <span className="hr-map-alike-pair">
                {source.title}
                {steps.map((step) => ` → ${t(`step.${step.kind}.name`)}`)} → <b>{target.title}</b>
              </span>
              <small>{t(`alike.${why}`)}</small>
            </Checkbox>
          </li>
        ))}
      </ul>
      <div className="hr-map-alike-foot">
        <Button size="small" onClick={onClose}>
          {t("alike.leave")}
        </Button>
        {found.length > 0 && (
          <Button
            size="small"
            type="primary"
            disabled={taken.length === 0}
            onClick={() => onTake(taken)}
            data-testid="map-alike-take"
          >
            {t("alike.take", { count: taken.length })}
          </Button>
        )}
      </div>
    </section>
  );
}
