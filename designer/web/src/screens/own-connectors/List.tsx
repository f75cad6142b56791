// Connectors that were drawn here: what each is, and a new one.

import { BuildOutlined, PlusOutlined } from "@ant-design/icons";
import { Button } from "antd";
import { useTranslation } from "react-i18next";
import { Link, useNavigate } from "react-router";
import { useList } from "../../api/list";
import { useMay } from "../../api/session";
import { EmptyState, ErrorState, Loading, PageBody, PageHeader } from "../../ui/page";
import { Tag } from "../../ui/StatusTag";
import { useText } from "../../ui/text";
import { ExactTime } from "../../ui/time";
import type { Brief } from "./connector";
import "./own.css";

export default function List() {
  const { t } = useTranslation("own_connectors");
  const { text } = useText();
  const navigate = useNavigate();
  const write = useMay()("connections:write");
  const list = useList<Brief>("/api/own-connectors", { limit: 200 });
  const create = (
    <Button
      type="primary"
      icon={<PlusOutlined />}
      onClick={() => navigate("/own-connectors/new")}
      data-testid="btn-new-own-connector"
    >
      {t("create")}
    </Button>
  );
  return (
    <>
      <PageHeader
        title={t("title")}
        subtitle={t("subtitle")}
        {...(write ? { actions: create } : {})}
      />
      <PageBody>
        {list.rows === undefined ? (
          list.error ? (
            <ErrorState error={list.error} onRetry={list.onRetry} />
          ) : (
            <Loading />
          )
        ) : list.rows.length === 0 ? (
          <EmptyState
            icon={<BuildOutlined />}
            title={t("none")}
            text={t("none_text")}
            {...(write ? { action: create } : {})}
          />
        ) : (
          <ul className="hr-own-list">
            {list.rows.map((each) => (
              <li key={each.key}>
                <Link to={`/own-connectors/${each.key}`} data-testid={`own-${each.key}`}>
                  <span className="hr-own-name">
                    <strong>{text(each.title) || each.key}</strong>
                    <small className="hr-muted">
                      {each.base_url} · {t("operations", { count: each.operations })}
                    </small>
                  </span>
                  <span className="hr-own-side">
                    <Tag>{t("version", { version: each.version })}</Tag>
                    <small className="hr-muted">
                      <ExactTime at={each.updated_at} />
                    </small>
                  </span>
                </Link>
              </li>
            ))}
          </ul>
        )}
        {list.more.has && (
          <Button onClick={list.more.load} loading={list.more.loading}>
            {t("more")}
          </Button>
        )}
      </PageBody>
    </>
  );
}
