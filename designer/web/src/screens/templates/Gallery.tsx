// Ready-made flows by industry.

import { AppstoreOutlined, PartitionOutlined } from "@ant-design/icons";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useList } from "../../api/list";
import type { TemplateSummary } from "../../api/types";
import { EmptyState, ErrorState, Loading, PageBody, PageHeader } from "../../ui/page";
import { SearchField } from "../../ui/SearchField";
import { Segments } from "../../ui/Segments";
import { StatusTag, Tag } from "../../ui/StatusTag";
import { useText } from "../../ui/text";
import "./templates.css";

export function Gallery() {
  const { t } = useTranslation(["templates", "app"]);
  const { text } = useText();
  const [typed, setTyped] = useState("");
  const [industry, setIndustry] = useState("");
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
      <PageHeader title={t("title")} subtitle={t("subtitle")} />
      <PageBody>
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
        <Tag tone="accent">{text(template.industry)}</Tag>
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
