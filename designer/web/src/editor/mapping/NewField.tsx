// A field of one's own: by its name, by an example that has many, or made for what is about to be dropped.

import { PlusOutlined } from "@ant-design/icons";
import { Button, Input } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Source } from "./sources";
import { keyOf, namesOfExample, partsOf, type Target } from "./targets";

/** The key of the place where something dropped becomes a new field. */
export const NEW = "\u0000new";

interface NewFieldProps {
  own: RegExp;
  taken: readonly Target[];
  active: Source | undefined;
  over: boolean;
  onAdd: (names: readonly string[]) => void;
  /** Records inside of records, and an example to take the names from. */
  nested: boolean;
  onFor: (source: Source) => void;
}

export function NewField({ own, taken, active, over, onAdd, nested, onFor }: NewFieldProps) {
  const { t } = useTranslation("mapping");
  const [name, setName] = useState("");
  const [example, setExample] = useState<string | null>(null);
  const parts = nested ? partsOf(name) : [{ name, list: false }];
  const key = keyOf(parts.map((part) => part.name));
  const wrong =
    name !== "" &&
    (parts.some((part) => !own.test(part.name)) || taken.some((target) => target.key === key));
  const add = () => {
    if (name === "" || wrong) return;
    onAdd([name]);
    setName("");
  };
  const names = example === null ? [] : namesIn(example);
  if (example !== null) {
    return (
      <div className="hr-map-new">
        <Input.TextArea
          autoSize={{ minRows: 4, maxRows: 10 }}
          value={example}
          aria-label={t("example")}
          placeholder={t("example_hint")}
          onChange={(event) => setExample(event.target.value)}
          data-testid="map-example"
        />
        <Button onClick={() => setExample(null)}>{t("alike.leave")}</Button>
        <Button
          type="primary"
          disabled={names.length === 0}
          onClick={() => {
            onAdd(names);
            setExample(null);
          }}
          data-testid="map-example-take"
        >
          {t("example_take", { count: names.length })}
        </Button>
      </div>
    );
  }
  return (
    <div className="hr-map-new" data-target={NEW} data-over={over || undefined}>
      {active === undefined ? (
        <>
          <Input
            value={name}
            {...(wrong ? { status: "error" as const } : {})}
            placeholder={t(nested ? "new_name_nested" : "new_name")}
            aria-label={t("new_name")}
            aria-invalid={wrong}
            onChange={(event) => setName(event.target.value)}
            onPressEnter={add}
            data-testid="map-new-name"
          />
          <Button icon={<PlusOutlined />} disabled={name === "" || wrong} onClick={add}>
            {t("new")}
          </Button>
          {nested && (
            <Button onClick={() => setExample("")} data-testid="map-example-open">
              {t("example")}
            </Button>
          )}
          {wrong && <p className="hr-map-hint">{t("name_wrong")}</p>}
        </>
      ) : (
        <Button block icon={<PlusOutlined />} onClick={() => onFor(active)} data-testid="map-new">
          {t("new_for", { name: active.title })}
        </Button>
      )}
    </div>
  );
}

function namesIn(text: string): string[] {
  try {
    return namesOfExample(JSON.parse(text));
  } catch {
    return [];
  }
}
