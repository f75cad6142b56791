// The flows a person can start by hand.

import { PlayCircleOutlined, RightOutlined } from "@ant-design/icons";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useList } from "../../api/list";
import type { FlowSummary } from "../../api/types";
import { EmptyState, ErrorState, Loading, PageBody, PageHeader } from "../../ui/page";
import { SearchField } from "../../ui/SearchField";
import { useText } from "../../ui/text";
import { useDelayed } from "../../ui/useDelayed";
import "./start.css";

export function FlowChoice() {
  const { t } = useTranslation("flows");
  const [typed, setTyped] = useState("");
  const list = useList<FlowSummary>("/api/flows", { search: useDelayed(typed) });
  const flows = list.rows?.filter(
    (flow) => flow.published_version !== null && flow.starts.includes("start"),
  );
  return (
    <>
      <PageHeader title={t("start.title")} subtitle={t("start.subtitle")} />
      <PageBody>
        <div className="hr-bar">
          <SearchField label={t("search")} value={typed} onChange={setTyped} />
        </div>
        {flows === undefined ? (
          list.error ? (
            <ErrorState error={list.error} onRetry={list.onRetry} />
          ) : (
            <Loading tall />
          )
        ) : flows.length === 0 ? (
          <EmptyState
            icon={<PlayCircleOutlined />}
            title={t("start.empty")}
            text={t("start.empty_text")}
          />
        ) : (
          <FlowCards flows={flows} />
        )}
      </PageBody>
    </>
  );
}

function FlowCards({ flows }: { flows: FlowSummary[] }) {
  const { text } = useText();
  return (
    <ul className="hr-start-cards">
      {flows.map((flow) => (
        <li key={flow.key}>
          <Link
            to={`/start/${flow.key}`}
            className="hr-start-card"
            data-testid={`start-${flow.key}`}
          >
            <span>
              <strong>{text(flow.name)}</strong>
              {flow.description && <span className="hr-muted">{text(flow.description)}</span>}
            </span>
            <RightOutlined aria-hidden />
          </Link>
        </li>
      ))}
    </ul>
  );
}
