// All flows: their state, how much runs through them, and the ways to get a new one.

import {
  AppstoreOutlined,
  ImportOutlined,
  PlusOutlined,
  QuestionCircleOutlined,
} from "@ant-design/icons";
import { Button } from "antd";
import { type ReactNode, Suspense, useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { useList } from "../../api/list";
import { useMay } from "../../api/session";
import type { FlowSummary } from "../../api/types";
import { useNarrow } from "../../theme/mode";
import { type Column, DataTable } from "../../ui/DataTable";
import { lazy } from "../../ui/lazy";
import { EmptyState, PageBody, PageHeader } from "../../ui/page";
import { SearchField } from "../../ui/SearchField";
import { Segments } from "../../ui/Segments";
import { useText } from "../../ui/text";
import { RelativeTime } from "../../ui/time";
import { useDelayed } from "../../ui/useDelayed";
import { CreateFlow } from "./CreateFlow";
import { FlowActions } from "./FlowActions";
import { Incidents, Open, Starts, State } from "./FlowCells";
import { useImport } from "./useImport";
import "./flows.css";

const Describe = lazy(() => import("./Describe"));

const STATES = ["", "published", "changed", "draft"] as const;
type Filter = (typeof STATES)[number];

export default function Flows() {
  const { t } = useTranslation(["flows", "app"]);
  const may = useMay();
  const [typed, setTyped] = useState("");
  const [state, setState] = useState<Filter>("");
  const [creating, setCreating] = useState(false);
  const [describing, setDescribing] = useState(false);
  const importing = useImport();
  const list = useList<FlowSummary>("/api/flows", { search: useDelayed(typed), state });
  const untouched = !typed && !state;
  const write = may("flows:write");
  return (
    <>
      <PageHeader
        title={t("title")}
        {...(write
          ? {
              actions: (
                <Ways
                  onCreate={() => setCreating(true)}
                  onDescribe={() => setDescribing(true)}
                  onImport={importing.choose}
                />
              ),
            }
          : {})}
      />
      <PageBody>
        {!(untouched && list.rows?.length === 0) && (
          <div className="hr-bar">
            <SearchField label={t("search")} value={typed} onChange={setTyped} />
            <Segments
              label={t("state")}
              value={state}
              onChange={setState}
              options={STATES.map((value) => ({ value, title: t(`filter.${value || "all"}`) }))}
            />
          </div>
        )}
        <FlowTable
          list={list}
          empty={
            untouched && write ? (
              <Beginnings
                onCreate={() => setCreating(true)}
                onDescribe={() => setDescribing(true)}
                onImport={importing.choose}
              />
            ) : (
              <EmptyState
                title={t("app:state.nothing_found")}
                text={t("app:state.nothing_found_text")}
              />
            )
          }
        />
      </PageBody>
      {creating && <CreateFlow onClose={() => setCreating(false)} />}
      <Suspense fallback={null}>
        {describing && <Describe onClose={() => setDescribing(false)} />}
      </Suspense>
      {importing.dialog}
    </>
  );
}

interface FlowTableProps {
  list: ReturnType<typeof useList<FlowSummary>>;
  empty: ReactNode;
}

function FlowTable({ list, empty }: FlowTableProps) {
  const { t } = useTranslation("flows");
  const { text } = useText();
  const columns: Column<FlowSummary>[] = [
    {
      key: "name",
      title: t("column.name"),
      render: (flow) => (
        <span className="hr-flow-name">
          {text(flow.name)}
          <code className="hr-muted">{flow.key}</code>
        </span>
      ),
    },
    { key: "state", title: t("column.state"), render: (flow) => <State flow={flow} /> },
    {
      key: "starts",
      title: t("column.starts"),
      render: (flow) => <Starts flow={flow} />,
      phone: "hidden",
    },
    {
      key: "open",
      title: t("column.open"),
      align: "right",
      render: (flow) => <Open flow={flow} />,
    },
    {
      key: "incidents",
      title: t("column.incidents"),
      align: "right",
      render: (flow) => <Incidents flow={flow} />,
    },
    {
      key: "changed",
      title: t("column.changed"),
      render: (flow) => <RelativeTime at={flow.draft_updated_at} />,
    },
    {
      key: "actions",
      title: <span className="hr-hidden">{t("column.actions")}</span>,
      align: "right",
      render: (flow) => <FlowActions flow={flow} />,
      phone: "corner",
    },
  ];
  return (
    <DataTable
      label={t("title")}
      columns={columns}
      {...list}
      rowKey={(flow) => flow.key}
      to={(flow) => `/flows/${flow.key}`}
      testId={(flow) => `flow-${flow.key}`}
      empty={empty}
    />
  );
}

interface WaysProps {
  onCreate: () => void;
  onDescribe: () => void;
  onImport: () => void;
}

function Ways({ onCreate, onDescribe, onImport }: WaysProps) {
  const { t } = useTranslation("flows");
  const narrow = useNarrow(); // the title needs room, too
  return (
    <>
      <Button
        icon={<ImportOutlined />}
        onClick={onImport}
        aria-label={t("import.action")}
        data-testid="btn-import"
      >
        {narrow ? null : t("import.action")}
      </Button>
      <Button
        icon={<QuestionCircleOutlined />}
        onClick={onDescribe}
        aria-label={t("describe.action")}
        data-testid="btn-describe"
      >
        {narrow ? null : t("describe.action")}
      </Button>
      <Button type="primary" icon={<PlusOutlined />} onClick={onCreate} data-testid="btn-new-flow">
        {t("create.action")}
      </Button>
    </>
  );
}

/** An empty list teaches: what a flow is, and four ways to the first one. */
function Beginnings({ onCreate, onDescribe, onImport }: WaysProps) {
  const { t } = useTranslation("flows");
  const navigate = useNavigate();
  const ways: [string, ReactNode, () => void][] = [
    ["template", <AppstoreOutlined key="icon" />, () => navigate("/templates")],
    ["describe", <QuestionCircleOutlined key="icon" />, onDescribe],
    ["blank", <PlusOutlined key="icon" />, onCreate],
    ["import", <ImportOutlined key="icon" />, onImport],
  ];
  return (
    <div className="hr-first" data-testid="empty">
      <h2>{t("first.title")}</h2>
      <p className="hr-muted">{t("first.text")}</p>
      <div className="hr-ways">
        {ways.map(([name, icon, go]) => (
          <button
            key={name}
            type="button"
            className="hr-way"
            onClick={go}
            data-testid={`way-${name}`}
          >
            <span className="hr-way-icon" aria-hidden>
              {icon}
            </span>
            <strong>{t(`first.${name}`)}</strong>
            <span className="hr-muted">{t(`first.${name}_text`)}</span>
          </button>
        ))}
      </div>
    </div>
  );
}
