// How a source is read: where each field stands, what each status code means; beside it what becomes of a sample, at once.

import { DeleteOutlined, PlusOutlined } from "@ant-design/icons";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { App, AutoComplete, Button, Input, Select } from "antd";
import { useEffect, useId, useState } from "react";
import { useTranslation } from "react-i18next";
import { api } from "../../api/client";
import { useErrorText } from "../../ui/errorText";
import { JsonView } from "../../ui/JsonView";
import { Card, EmptyState, ErrorState, Loading } from "../../ui/page";
import { Segments } from "../../ui/Segments";
import { Trouble } from "../../ui/Trouble";
import type { Place, Preview, Source, What } from "./types";

const PAUSE_MS = 400;
const SHOWN = ["channel", "shop", "extra", "state"];

type Fields = Record<string, Place>;
type Status = { id: number; code: string; state: string };

const pathOf = (place: Place | undefined) =>
  place === undefined ? "" : typeof place === "string" ? place : place.from;
const kindOf = (place: Place | undefined, usual: string) =>
  place === undefined || typeof place === "string" ? usual : (place.kind ?? usual);

export function MapEditor({ source, write }: { source: Source; write: boolean }) {
  const { t } = useTranslation("sources");
  const [what, setWhat] = useState<What>("order");
  return (
    <div className="hr-stack">
      <div>
        <Segments<What>
          label={t("map.what")}
          options={[
            { value: "order", title: t("what.order") },
            { value: "refund", title: t("what.refund") },
          ]}
          value={what}
          onChange={setWhat}
          testId="map-what"
        />
      </div>
      <OneMap key={what} source={source} what={what} write={write} />
    </div>
  );
}

function OneMap({ source, what, write }: { source: Source; what: What; write: boolean }) {
  const { t } = useTranslation("sources");
  const { message } = App.useApp();
  const textOf = useErrorText();
  const queries = useQueryClient();
  const known = what === "order" ? source.order_fields : source.refund_fields;
  const states = what === "order" ? source.states : source.refund_states;
  const [fields, setFields] = useState<Fields>(source.fields[what] ?? {});
  const [statuses, setStatuses] = useState<Status[]>(() =>
    Object.entries(source.statuses[what] ?? {}).map(([code, state], id) => ({ id, code, state })),
  );
  const [error, setError] = useState<unknown>(null);
  const [changed, setChanged] = useState(false);
  const [saving, setSaving] = useState(false);
  const sent = {
    fields: Object.fromEntries(Object.entries(fields).filter(([, place]) => pathOf(place) !== "")),
    statuses: Object.fromEntries(
      statuses.filter((one) => one.code !== "").map((one) => [one.code, one.state]),
    ),
  };
  const asked = useSlow(JSON.stringify({ kind: what, ...sent }));
  const preview = useQuery({
    queryKey: ["/api/sources", source.key, "preview", asked],
    queryFn: ({ signal }) =>
      api.post<Preview>(`/api/sources/${source.key}/preview`, JSON.parse(asked), { signal }),
    placeholderData: (before) => before,
  });
  const put = (name: string, path: string, kind: string) => {
    setChanged(true);
    setFields({ ...fields, [name]: kind === known[name] ? path : { from: path, kind } });
  };
  const putStatus = (next: Status[]) => {
    setChanged(true);
    setStatuses(next);
  };
  const save = async () => {
    setSaving(true);
    try {
      await api.put(`/api/sources/${source.key}`, {
        revision: source.revision,
        fields: { ...source.fields, [what]: sent.fields },
        statuses: { ...source.statuses, [what]: sent.statuses },
      });
      await queries.invalidateQueries({ queryKey: ["/api/sources", source.key] });
      message.success(t("saved"));
    } catch (problem) {
      setError(problem);
    } finally {
      setSaving(false);
    }
  };
  const places = preview.data?.places ?? [];
  return (
    <>
      <div className="hr-src-map">
        <div className="hr-stack">
          <Card title={t("map.fields")}>
            <p className="hr-muted">{t("map.fields_text")}</p>
            {Object.entries(known).map(([name, usual]) => (
              <FieldRow
                key={name}
                name={name}
                place={fields[name]}
                usual={usual}
                kinds={source.kinds}
                places={places}
                disabled={!write}
                onChange={(path, kind) => put(name, path, kind)}
              />
            ))}
          </Card>
          <Card title={t("map.statuses")}>
            <p className="hr-muted">{t("map.statuses_text")}</p>
            {Object.entries(
              what === "order" ? source.known_statuses : source.known_refund_statuses,
            ).map(([code, state]) => (
              <div className="hr-src-status" key={code}>
                <code>{code || t("map.no_code")}</code>
                <span>{t(`state.${state}`)}</span>
                <span />
              </div>
            ))}
            {statuses.map((one) => (
              <div className="hr-src-status" key={one.id}>
                <Input
                  value={one.code}
                  disabled={!write}
                  aria-label={t("map.code")}
                  onChange={(event) =>
                    putStatus(
                      statuses.map((each) =>
                        each.id === one.id ? { ...each, code: event.target.value } : each,
                      ),
                    )
                  }
                />
                <Select
                  value={one.state}
                  disabled={!write}
                  aria-label={t("map.state")}
                  options={states.map((value) => ({ value, label: t(`state.${value}`) }))}
                  onChange={(state) =>
                    putStatus(
                      statuses.map((each) => (each.id === one.id ? { ...each, state } : each)),
                    )
                  }
                />
                <Button
                  type="text"
                  icon={<DeleteOutlined />}
                  disabled={!write}
                  aria-label={t("map.remove_status", { code: one.code })}
                  onClick={() => putStatus(statuses.filter((each) => each.id !== one.id))}
                />
              </div>
            ))}
            {write && (
              <Button
                icon={<PlusOutlined />}
                onClick={() => {
                  const id = 1 + Math.max(0, ...statuses.map((one) => one.id));
                  const code = preview.data?.state === null ? preview.data.code : "";
                  putStatus([...statuses, { id, code, state: states[0] ?? "" }]);
                }}
                data-testid="btn-add-status"
              >
                {t("map.add_status")}
              </Button>
            )}
          </Card>
        </div>
        <Card title={t("map.preview")} testId="map-preview">
          {preview.data === undefined ? (
            preview.error ? (
              <ErrorState error={preview.error} onRetry={() => void preview.refetch()} />
            ) : (
              <Loading rows={6} />
            )
          ) : preview.data.payload === null || preview.data.payload === undefined ? (
            <EmptyState title={t("map.no_sample")} text={t("map.no_sample_text")} />
          ) : (
            <Shown preview={preview.data} />
          )}
        </Card>
      </div>
      {error !== null && <Trouble error={error} />}
      {write && (
        <div>
          <Button
            type="primary"
            disabled={!changed}
            loading={saving}
            onClick={save}
            title={error ? textOf(error) : undefined}
            data-testid="btn-save-map"
          >
            {t("map.save")}
          </Button>
        </div>
      )}
    </>
  );
}

interface FieldRowProps {
  name: string;
  place: Place | undefined;
  usual: string;
  kinds: string[];
  places: Preview["places"];
  disabled: boolean;
  onChange: (path: string, kind: string) => void;
}

function FieldRow({ name, place, usual, kinds, places, disabled, onChange }: FieldRowProps) {
  const { t } = useTranslation("sources");
  const id = useId();
  const path = pathOf(place);
  const kind = kindOf(place, usual);
  const found = places
    .filter((one) => one.path.toLowerCase().includes(path.toLowerCase()))
    .slice(0, 50)
    .map((one) => ({ value: one.path, label: `${one.path} = ${String(one.value).slice(0, 40)}` }));
  return (
    <div className="hr-src-row">
      <label htmlFor={id}>{t(`field.${name}`)}</label>
      <AutoComplete
        id={id}
        value={path}
        disabled={disabled}
        options={found}
        placeholder={t("map.usual")}
        onChange={(value: string) => onChange(value ?? "", kind)}
      />
      <Select
        value={kind}
        disabled={disabled || path === ""}
        aria-label={t("map.kind_of", { name: t(`field.${name}`) })}
        options={kinds.map((value) => ({ value, label: t(`kind.${value}`) }))}
        onChange={(value: string) => onChange(path, value)}
      />
    </div>
  );
}

function Shown({ preview }: { preview: Preview }) {
  const { t } = useTranslation("sources");
  const textOf = useErrorText();
  const values = Object.entries(preview.values).filter(([name]) => !SHOWN.includes(name));
  return (
    <div className="hr-stack">
      {preview.problems.map((problem) => (
        <div className="hr-src-trouble" role="alert" key={`${problem.path} ${problem.code}`}>
          {t(`problem.${problem.code}`, {
            ...problem.params,
            defaultValue: textOf(problem as unknown as Error) || problem.message,
          })}
        </div>
      ))}
      <p className="hr-muted">
        {t("map.mapped", { mapped: preview.mapped, whole: preview.whole })}
      </p>
      <dl className="hr-src-values">
        <div>
          <dt>{t("map.state")}</dt>
          <dd>{preview.state === null ? "–" : t(`state.${preview.state}`)}</dd>
        </div>
        {values.map(([name, value]) => (
          <div key={name}>
            <dt>{t(`field.${name}`, { defaultValue: name })}</dt>
            <dd>{typeof value === "object" ? JSON.stringify(value) : String(value)}</dd>
          </div>
        ))}
      </dl>
      {preview.unmapped.length > 0 && (
        <details>
          <summary>{t("map.unmapped", { count: preview.unmapped.length })}</summary>
          <code>{preview.unmapped.join(", ")}</code>
        </details>
      )}
      <details>
        <summary>{t("map.sample")}</summary>
        <JsonView value={preview.payload} label={t("map.sample")} />
      </details>
    </div>
  );
}

/** What was typed, a moment after the last key. */
function useSlow(value: string): string {
  const [slow, setSlow] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSlow(value), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [value]);
  return slow;
}
