// Where orders come from: every shop with how it is, and a new one.

import { PlusOutlined, ShoppingCartOutlined } from "@ant-design/icons";
import { Button } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { useList } from "../../api/list";
import { useMay } from "../../api/session";
import { type Column, DataTable } from "../../ui/DataTable";
import { EmptyState } from "../../ui/page";
import { useText } from "../../ui/text";
import { RelativeTime } from "../../ui/time";
import { Frame, WaysText, Word } from "./parts";
import { Rush } from "./Rush";
import { SourceDialog } from "./SourceDialog";
import type { Brief } from "./types";

export default function Sources() {
  const { t } = useTranslation("sources");
  const { text } = useText();
  const write = useMay()("tables:write");
  const navigate = useNavigate();
  const [making, setMaking] = useState(false);
  const list = useList<Brief>("/api/sources", {}, { everyMs: 10_000 });
  const create = (
    <Button
      type="primary"
      icon={<PlusOutlined />}
      onClick={() => setMaking(true)}
      data-testid="btn-new-source"
    >
      {t("create")}
    </Button>
  );
  const columns: Column<Brief>[] = [
    {
      key: "title",
      title: t("name"),
      render: (one) => (
        <>
          {text(one.title) || one.key} <code className="hr-muted">{one.key}</code>
        </>
      ),
    },
    {
      key: "health",
      title: t("health.title"),
      phone: "corner",
      render: (one) => <Word group="health" of={one.health} />,
    },
    { key: "ways", title: t("ways"), render: (one) => <WaysText ways={one.ways} /> },
    {
      key: "last",
      title: t("last_order"),
      render: (one) => <RelativeTime at={one.last_order_at} />,
    },
    {
      key: "exceptions",
      title: t("waiting"),
      align: "right",
      render: (one) => one.exceptions || "–",
    },
  ];
  return (
    <Frame part="sources" {...(write ? { actions: create } : {})}>
      <Rush />
      <DataTable
        label={t("sources.title")}
        columns={columns}
        {...list}
        rowKey={(one) => one.key}
        testId={(one) => `source-${one.key}`}
        to={(one) => `/sources/at/${one.key}`}
        empty={
          <EmptyState
            icon={<ShoppingCartOutlined />}
            title={t("empty")}
            text={t("empty_text")}
            {...(write ? { action: create } : {})}
          />
        }
      />
      {making && (
        <SourceDialog
          onClose={() => setMaking(false)}
          onMade={(key) => navigate(`/sources/at/${key}`)}
        />
      )}
    </Frame>
  );
}
