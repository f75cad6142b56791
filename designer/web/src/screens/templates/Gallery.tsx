// Ready-made flows by industry.

import { AppstoreOutlined, PartitionOutlined } from "@ant-design/icons";
import { useQueryClient } from "@tanstack/react-query";
import { Button } from "antd";
import { useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useNavigate } from "react-router";
import { upload } from "../../api/client";
import { useList } from "../../api/list";
import type { TemplateSummary } from "../../api/types";
import { EmptyState, ErrorState, Loading, PageBody, PageHeader } from "../../ui/page";
import { SearchField } from "../../ui/SearchField";
import { Segments } from "../../ui/Segments";
import { StatusTag, Tag } from "../../ui/StatusTag";
import { Trouble } from "../../ui/Trouble";
import { useText } from "../../ui/text";
import { Pack } from "./Pack";
import "./templates.css";

export function Gallery() {
  const { t } = useTranslation(["templates", "app", "wizard"]);
  const { text } = useText();
  const [typed, setTyped] = useState("");
  const [industry, setIndustry] = useState("");
  const [packing, setPacking] = useState(false);
  const [trouble, setTrouble] = useState<unknown>(null);
  const { rows, error, onRetry } = useList<TemplateSummary>("/api/templates");
  const industries = [...new Set(rows?.map((template) => text(template.industry)))].filter(Boolean);
  const words = typed.trim().toLowerCase();
  const shown = rows?.filter(
    (template) =>
      (!industry || text(template.industry) === industry) &&
      [text(template.name), text(template.description), template.key].some((part) =>
        part.toLowerCase().includes(words),
      ),
  );
  return (
    <>
      <PageHeader
        title={t("title")}
        subtitle={t("subtitle")}
        {...(rows !== undefined && rows.length > 0
          ? { actions: <Bring onPack={() => setPacking(true)} onTrouble={setTrouble} /> }
          : {})}
      />
      <PageBody>
        {packing && <Pack onClose={() => setPacking(false)} />}
        {trouble !== null && <Trouble error={trouble} title={t("wizard:bring_failed")} />}
        {rows !== undefined && rows.length > 0 && (
          <div className="hr-bar">
            <SearchField label={t("search")} value={typed} onChange={setTyped} />
            {industries.length > 1 && (
              <Segments
                label={t("industry")}
                value={industry}
                onChange={setIndustry}
                testId="industry"
                options={["", ...industries].map((value) => ({
                  value,
                  title: value || t("app:word.all"),
                }))}
              />
            )}
          </div>
        )}
        {shown === undefined ? (
          error ? (
            <ErrorState error={error} onRetry={onRetry} />
          ) : (
            <Loading tall />
          )
        ) : shown.length === 0 ? (
          <EmptyState
            icon={<AppstoreOutlined />}
            title={t(rows?.length ? "app:state.nothing_found" : "empty")}
            text={t(rows?.length ? "app:state.nothing_found_text" : "empty_text")}
          />
        ) : (
          <ul className="hr-templates">
            {shown.map((template) => (
              <li key={template.key}>
                <TemplateCard template={template} />
              </li>
            ))}
          </ul>
        )}
      </PageBody>
    </>
  );
}

interface BringProps {
  onPack: () => void;
  onTrouble: (error: unknown) => void;
}

/** A file from elsewhere in, one's own flows out. */
function Bring({ onPack, onTrouble }: BringProps) {
  const { t } = useTranslation("wizard");
  const navigate = useNavigate();
  const queries = useQueryClient();
  const [busy, setBusy] = useState(false);
  const picker = useRef<HTMLInputElement>(null);
  const take = async (file: File | undefined) => {
    if (!file) return;
    setBusy(true);
    onTrouble(null);
    try {
      const made = await upload<TemplateSummary>("/api/templates/import", file);
      await queries.invalidateQueries({ queryKey: ["/api/templates"] });
      void navigate(`/templates/${made.key}`);
    } catch (reason) {
      onTrouble(reason);
    } finally {
      setBusy(false);
      if (picker.current) picker.current.value = "";
    }
  };
  return (
    <div className="hr-row hr-templates-own">
      <input
        ref={picker}
        type="file"
        accept=".zip,application/zip"
        hidden
        aria-label={t("bring")}
        onChange={(event) => take(event.target.files?.[0])}
        data-testid="template-file"
      />
      <Button onClick={onPack} data-testid="btn-pack">
        {t("pack")}
      </Button>
      <Button loading={busy} onClick={() => picker.current?.click()} data-testid="btn-bring">
        {t("bring")}
      </Button>
    </div>
  );
}

function TemplateCard({ template }: { template: TemplateSummary }) {
  const { t } = useTranslation("templates");
  const { text } = useText();
  return (
    <Link
      to={`/templates/${template.key}`}
      className="hr-template"
      data-testid={`template-${template.key}`}
    >
      <span className="hr-spread">
        <Tag tone="accent">{text(template.industry) || t("own")}</Tag>
        {template.installed && <StatusTag status="installed" />}
      </span>
      <strong>{text(template.name)}</strong>
      <span className="hr-template-text">{text(template.description)}</span>
      <span className="hr-muted hr-small">
        <PartitionOutlined aria-hidden /> {t("flow_count", { count: template.flows.length })}
      </span>
    </Link>
  );
}
