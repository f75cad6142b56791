// The flows a person can start by hand.

import { PlayCircleOutlined, RightOutlined } from "@ant-design/icons";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useList } from "../../api/list";
import { useMay } from "../../api/session";
import type { FlowSummary } from "../../api/types";
import { EmptyState, ErrorState, Loading, PageBody, PageHeader } from "../../ui/page";
import { SearchField } from "../../ui/SearchField";
import { useText } from "../../ui/text";
import { useDelayed } from "../../ui/useDelayed";
import "./start.css";

/** Beyond these one searches. */
const FLOWS_MAX = 200;

export function FlowChoice() {
  const { t } = useTranslation(["flows", "app"]);
  const write = useMay()("flows:write");
  const [typed, setTyped] = useState("");
  const list = useList<FlowSummary>("/api/flows", {
    search: useDelayed(typed),
    state: "published",
    limit: FLOWS_MAX,
  });
  const flows = list.rows?.filter((flow) => flow.starts.includes("start"));
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
        ) : flows.length === 0 && typed ? (
          <EmptyState
            title={t("app:state.nothing_found")}
            text={t("app:state.nothing_found_text")}
          />
        ) : flows.length === 0 ? (
          <EmptyState
            icon={<PlayCircleOutlined />}
            title={t("start.empty")}
            text={t("start.empty_text")}
            {...(write ? { action: <Link to="/flows">{t("title")}</Link> } : {})}
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
