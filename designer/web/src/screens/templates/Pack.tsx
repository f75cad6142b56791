// One's own flows as a template file, for a subsidiary or another workspace: choose flows, the rest follows.

import { useQuery } from "@tanstack/react-query";
import { Button, Checkbox, Input, Select } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, fileOf } from "../../api/client";
import { useList } from "../../api/list";
import type { TemplatePart, Text } from "../../api/types";
import { saveFile } from "../../editor/saveFile";
import { popupIn } from "../../screens/tables/table";
import { Sheet } from "../../ui/Sheet";
import { Tag } from "../../ui/StatusTag";
import { Trouble } from "../../ui/Trouble";
import { useText } from "../../ui/text";
import { PARTS } from "./Wizard";

type Chosen = Record<TemplatePart, string[]>;

export function Pack({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation("wizard");
  const { text, language } = useText();
  const { rows } = useList<{ key: string; name: Text }>("/api/flows?limit=200");
  const [name, setName] = useState("");
  const [key, setKey] = useState("");
  const [chosen, setChosen] = useState<string[]>([]);
  const [filled, setFilled] = useState<string[]>([]);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const along = useQuery({
    queryKey: ["/api/templates", "suggest", chosen],
    queryFn: () => api.post<Chosen>("/api/templates/suggest", { flows: chosen }),
    enabled: chosen.length > 0,
  });
  const right = /^[a-z][a-z0-9_-]{1,63}$/.test(key);
  const save = async () => {
    setBusy(true);
    setError(null);
    try {
      const parts = along.data ?? ({} as Chosen);
      const tables = parts.tables ?? [];
      const body = {
        key,
        name: { [language]: name.trim() },
        ...parts,
        with_rows: filled.filter((one) => tables.includes(one)),
      };
      const file = await fileOf("/api/templates/export", body);
      saveFile(`${key}.headrace.zip`, file, "application/zip");
      onClose();
    } catch (reason) {
      setError(reason);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Sheet
      title={t("pack_title")}
      onClose={onClose}
      testId="pack"
      foot={
        <Button
          type="primary"
          loading={busy}
          disabled={!right || name.trim() === "" || along.data === undefined}
          onClick={save}
          data-testid="btn-pack-save"
        >
          {t("pack_save")}
        </Button>
      }
    >
      <div className="hr-stack">
        <p>{t("pack_text")}</p>
        <div className="hr-wizard-field">
          <span id="pack-name">{t("pack_name")}</span>
          <Input
            aria-labelledby="pack-name"
            value={name}
            maxLength={100}
            onChange={(event) => setName(event.target.value)}
            data-testid="pack-name"
          />
        </div>
        <div className="hr-wizard-field">
          <span id="pack-key">{t("pack_key")}</span>
          <Input
            aria-labelledby="pack-key"
            value={key}
            maxLength={64}
            placeholder="our-orders"
            status={key !== "" && !right ? "error" : ""}
            onChange={(event) => setKey(event.target.value)}
            data-testid="pack-key"
          />
          <span className="hr-muted hr-small">{t("pack_key_help")}</span>
        </div>
        <div className="hr-wizard-field">
          <span id="pack-flows">{t("part.flows")}</span>
          <Select
            mode="multiple"
            aria-labelledby="pack-flows"
            value={chosen}
            onChange={setChosen}
            optionFilterProp="label"
            getPopupContainer={popupIn}
            options={(rows ?? []).map((flow) => ({ value: flow.key, label: text(flow.name) }))}
            data-testid="pack-flows"
          />
        </div>
        {along.data && (
          <section>
            <strong>{t("pack_along")}</strong>
            <dl className="hr-brings">
              {PARTS.filter((part) => (along.data?.[part] ?? []).length > 0).map((part) => (
                <div key={part}>
                  <dt>{t(`part.${part}`)}</dt>
                  <dd className="hr-row">
                    {along.data?.[part].map((one) => (
                      <Tag key={one}>{one}</Tag>
                    ))}
                  </dd>
                </div>
              ))}
            </dl>
            {along.data.tables.length > 0 && (
              <Checkbox.Group
                value={filled}
                onChange={setFilled}
                options={along.data.tables.map((one) => ({
                  value: one,
                  label: t("pack_rows", { name: one }),
                }))}
              />
            )}
            <p className="hr-muted">{t("pack_secrets")}</p>
          </section>
        )}
        {error !== null && <Trouble error={error} />}
      </div>
    </Sheet>
  );
}
