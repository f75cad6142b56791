// Data as it is, folded by level; and a way to take it along.

import { CopyOutlined } from "@ant-design/icons";
import { Button } from "antd";
import useApp from "antd/es/app/useApp";
import { useTranslation } from "react-i18next";
import { copyText } from "./copy";
import "./JsonView.css";

const OPEN_LEVELS = 2;
const ITEMS_MAX = 200; // more would only freeze the page; the copy carries them all

export function JsonView({ value, label }: { value: unknown; label?: string }) {
  const { t } = useTranslation("app");
  const { message } = useApp();
  const copy = async () => {
    await copyText(JSON.stringify(value, null, 2));
    message.success(t("state.copied"));
  };
  return (
    <div className="hr-json">
      <Button
        size="small"
        type="text"
        className="hr-json-copy"
        icon={<CopyOutlined />}
        aria-label={t("action.copy")}
        onClick={copy}
      />
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <section className="hr-json-scroll" tabIndex={0} aria-label={label ?? "JSON"}>
        <Value value={value} level={0} />
      </section>
    </div>
  );
}

function Value({ value, level }: { value: unknown; level: number }) {
  if (Array.isArray(value)) {
    return (
      <Branch entries={value.map((item, index) => [String(index), item])} level={level} list />
    );
  }
  if (typeof value === "object" && value !== null) {
    return <Branch entries={Object.entries(value)} level={level} />;
  }
  const kind = value === null ? "null" : typeof value;
  return <span className={`hr-json-${kind}`}>{JSON.stringify(value) ?? "undefined"}</span>;
}

interface BranchProps {
  entries: [string, unknown][];
  level: number;
  list?: boolean;
}

function Branch({ entries, level, list }: BranchProps) {
  const { t } = useTranslation("app");
  if (entries.length === 0) return <span className="hr-json-null">{list ? "[]" : "{}"}</span>;
  const shown = entries.slice(0, ITEMS_MAX);
  return (
    <details open={level < OPEN_LEVELS} className="hr-json-branch">
      <summary>
        {list ? "[ ]" : "{ }"} <span className="hr-json-count">{entries.length}</span>
      </summary>
      {shown.map(([name, item]) => (
        <div key={name} className="hr-json-row">
          <span className="hr-json-key">{name}</span>
          <Value value={item} level={level + 1} />
        </div>
      ))}
      {entries.length > shown.length && (
        <div className="hr-json-null">
          {t("state.and_more", { count: entries.length - shown.length })}
        </div>
      )}
    </details>
  );
}
