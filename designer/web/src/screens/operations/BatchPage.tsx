// One batch: how far it is, what became of each item, and a hand to stop it.

import { StopOutlined } from "@ant-design/icons";
import { useQueryClient } from "@tanstack/react-query";
import { App } from "antd";
import { useTranslation } from "react-i18next";
import { useParams } from "react-router";
import { api } from "../../api/client";
import { useMay } from "../../api/session";
import { type Batch, isGoing, useBatch } from "../../batches/batch";
import { Items } from "../../batches/Items";
import { Progress } from "../../batches/Progress";
import { ConfirmButton } from "../../ui/ConfirmButton";
import { useErrorText } from "../../ui/errorText";
import { Card, ErrorState, Loading, PageBody, PageHeader } from "../../ui/page";
import { useText } from "../../ui/text";
import { ExactTime } from "../../ui/time";
import { plainValue } from "../../ui/ValueView";
import "./operations.css";

export default function BatchPage() {
  const { id = "" } = useParams();
  const { t } = useTranslation(["operations", "batches"]);
  const { data: batch, error, refetch } = useBatch(id);
  if (batch === undefined) {
    return (
      <>
        <PageHeader title={t("batches.title")} back="/operations/batches" />
        <PageBody>
          {error ? <ErrorState error={error} onRetry={() => void refetch()} /> : <Loading />}
        </PageBody>
      </>
    );
  }
  return (
    <>
      <PageHeader
        title={t(`batches:kind.${batch.kind}`, { defaultValue: batch.kind })}
        back="/operations/batches"
        {...(isGoing(batch) ? { actions: <Stop batch={batch} /> } : {})}
      />
      <PageBody>
        <div className="hr-stack hr-batch-page">
          <Card>
            <Progress batch={batch} />
            <Facts batch={batch} />
          </Card>
          <Card title={t("batches.items")}>
            <Items batch={batch} />
          </Card>
        </div>
      </PageBody>
    </>
  );
}

function Facts({ batch }: { batch: Batch }) {
  const { t } = useTranslation("operations");
  const { language } = useText();
  const { ids, ...filter } = batch.selection as { ids?: number };
  return (
    <dl className="hr-op-facts">
      <div>
        <dt>{t("batches.begun")}</dt>
        <dd>
          <ExactTime at={batch.created_at} />
        </dd>
      </div>
      <div>
        <dt>{t("batches.ended")}</dt>
        <dd>
          <ExactTime at={batch.ended_at} />
        </dd>
      </div>
      <div>
        <dt>{t("batches.selection")}</dt>
        <dd>
          {ids !== undefined
            ? t("batches.chosen", { count: ids })
            : Object.keys(filter).length === 0
              ? t("batches.everything")
              : plainValue(filter, language)}
        </dd>
      </div>
      <div>
        <dt>{t("batches.speed")}</dt>
        <dd>{t("batches.per_second", { count: batch.per_second })}</dd>
      </div>
      {batch.reason !== "" && (
        <div>
          <dt>{t("batches.reason")}</dt>
          <dd>{batch.reason}</dd>
        </div>
      )}
    </dl>
  );
}

function Stop({ batch }: { batch: Batch }) {
  const { t } = useTranslation("operations");
  const { message } = App.useApp();
  const textOf = useErrorText();
  const queries = useQueryClient();
  if (!useMay()("instances:operate")) return null;
  return (
    <ConfirmButton
      danger
      icon={<StopOutlined />}
      title={t("batches.stop_title")}
      text={t("batches.stop_text")}
      confirmLabel={t("batches.stop")}
      onConfirm={async () => {
        try {
          await api.post(`/api/batches/${batch.id}/cancel`);
        } catch (error) {
          message.error(textOf(error));
        }
        await queries.invalidateQueries({ queryKey: ["batch", batch.id] });
      }}
      data-testid="btn-stop-batch"
    >
      {t("batches.stop")}
    </ConfirmButton>
  );
}
