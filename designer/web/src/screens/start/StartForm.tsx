// The form of a flow's published version, and what became of it after sending.

import { CheckCircleOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Button } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { api } from "../../api/client";
import { useMay } from "../../api/session";
import type { Flow, FlowDocument } from "../../api/types";
import { SchemaForm } from "../../ui/form/SchemaForm";
import { useForm } from "../../ui/form/useForm";
import { Card, EmptyState, ErrorState, Loading, PageBody, PageHeader } from "../../ui/page";
import { Trouble } from "../../ui/Trouble";
import { useText } from "../../ui/text";

interface Started {
  id: string;
  duplicate: boolean;
}

export function StartForm({ flowKey }: { flowKey: string }) {
  const { t } = useTranslation("flows");
  const { text } = useText();
  const { data: document, error, refetch } = usePublished(flowKey);
  const [started, setStarted] = useState<Started | null>(null);
  return (
    <>
      <PageHeader
        back="/start"
        title={document ? text(document.name) : t("start.title")}
        {...(document?.description ? { subtitle: text(document.description) } : {})}
      />
      <PageBody>
        <div style={{ maxWidth: 680 }}>
          {document === undefined ? (
            error ? (
              <ErrorState error={error} onRetry={refetch} />
            ) : (
              <Loading rows={6} />
            )
          ) : started ? (
            <Done started={started} onAgain={() => setStarted(null)} />
          ) : (
            <Form document={document} onStarted={setStarted} />
          )}
        </div>
      </PageBody>
    </>
  );
}

/** The form people see is the published one; a newer draft is not theirs yet. */
function usePublished(key: string) {
  return useQuery({
    queryKey: ["flows", key, "published"],
    queryFn: async ({ signal }) => {
      const flow = await api.get<Flow>(`/api/flows/${key}`, { signal });
      if (flow.published_version === null) return flow.draft.document;
      const version = `/api/flows/${key}/versions/${flow.published_version}`;
      return (await api.get<{ document: FlowDocument }>(version, { signal })).document;
    },
  });
}

interface FormProps {
  document: FlowDocument;
  onStarted: (started: Started) => void;
}

function Form({ document, onStarted }: FormProps) {
  const { t } = useTranslation("flows");
  const start = `/api/flows/${document.key}/instances`;
  const form = useForm({
    schema: document.input,
    prefix: "/input",
    onSubmit: async (input) => onStarted(await api.post<Started>(start, { input })),
  });
  const asked = Object.keys(document.input?.properties ?? {}).length > 0;
  return (
    <form onSubmit={form.submit} noValidate className="hr-stack">
      <Card>
        {asked ? (
          <SchemaForm {...form.fields} />
        ) : (
          <p className="hr-muted">{t("start.nothing_asked")}</p>
        )}
      </Card>
      {form.error !== null && <Trouble error={form.error} known={form.known} />}
      <div className="hr-row">
        <Button
          type="primary"
          size="large"
          htmlType="submit"
          loading={form.busy}
          data-testid="btn-start"
        >
          {t("start.send")}
        </Button>
        {document.sample && (
          <Button
            size="large"
            onClick={() => form.setValue(document.sample ?? {})}
            data-testid="btn-sample"
          >
            {t("start.sample")}
          </Button>
        )}
      </div>
    </form>
  );
}

function Done({ started, onAgain }: { started: Started; onAgain: () => void }) {
  const { t } = useTranslation("flows");
  const may = useMay();
  const address = may("instances:read") ? `/instances/${started.id}` : "/tasks/started";
  return (
    <Card testId="started">
      <EmptyState
        icon={<CheckCircleOutlined />}
        title={t(started.duplicate ? "start.duplicate" : "start.done")}
        text={t(started.duplicate ? "start.duplicate_text" : "start.done_text")}
        action={
          <div className="hr-row">
            <Link to={address} data-testid="link-started">
              <Button type="primary" tabIndex={-1}>
                {t("start.see")}
              </Button>
            </Link>
            <Button onClick={onAgain}>{t("start.again")}</Button>
          </div>
        }
      />
    </Card>
  );
}
