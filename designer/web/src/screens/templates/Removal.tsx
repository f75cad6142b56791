// Taking a template away: what goes, what stays and why, before anything happens.

import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Button } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api } from "../../api/client";
import type { Template, TemplatePart } from "../../api/types";
import { Loading } from "../../ui/page";
import { Sheet } from "../../ui/Sheet";
import { Trouble } from "../../ui/Trouble";
import { useText } from "../../ui/text";

interface Thing {
  kind: TemplatePart;
  key: string;
  why?: string;
}

interface Told {
  removed: Thing[];
  kept: Thing[];
}

export function Removal({ template, onClose }: { template: Template; onClose: () => void }) {
  const { t } = useTranslation("wizard");
  const { text } = useText();
  const queries = useQueryClient();
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const plan = useQuery({
    queryKey: ["/api/templates", template.key, "removal"],
    queryFn: ({ signal }) => api.get<Told>(`/api/templates/${template.key}/removal`, { signal }),
    gcTime: 0,
  });
  const remove = async () => {
    setBusy(true);
    setError(null);
    try {
      await api.post(`/api/templates/${template.key}/remove`);
      onClose();
      await queries.invalidateQueries({
        predicate: ({ queryKey }) =>
          typeof queryKey[0] === "string" &&
          /^\/api\/(templates|flows|roles|connectors|own-connectors|connections|tables|decision-tables|sources)/.test(
            queryKey[0],
          ) &&
          queryKey[2] !== "removal",
      });
    } catch (reason) {
      setError(reason);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Sheet
      title={t("remove_title", { name: text(template.name) })}
      onClose={onClose}
      testId="removal"
      foot={
        <Button
          danger
          type="primary"
          loading={busy}
          disabled={plan.data === undefined}
          onClick={remove}
          data-testid="btn-remove-now"
        >
          {t("remove_now")}
        </Button>
      }
    >
      <div className="hr-stack">
        <p>{t("remove_text")}</p>
        {(error ?? plan.error) !== null && <Trouble error={error ?? plan.error} />}
        {plan.data === undefined ? (
          !plan.error && <Loading />
        ) : (
          <>
            <Things
              title={t("goes", { count: plan.data.removed.length })}
              things={plan.data.removed}
            />
            <Things title={t("stays", { count: plan.data.kept.length })} things={plan.data.kept} />
          </>
        )}
      </div>
    </Sheet>
  );
}

function Things({ title, things }: { title: string; things: Thing[] }) {
  const { t } = useTranslation("wizard");
  return things.length === 0 ? null : (
    <section>
      <strong>{title}</strong>
      <ul className="hr-wizard-look">
        {things.map((one) => (
          <li key={`${one.kind} ${one.key}`}>
            <span className="hr-muted">{t(`one.${one.kind}`)}</span> {one.key}
            {one.why && <span className="hr-muted"> — {t(`why.${one.why}`)}</span>}
          </li>
        ))}
      </ul>
    </section>
  );
}
