// What was published, newest first: look at it, or take it into the draft.

import { EyeOutlined, RollbackOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { App, Button, Drawer, Modal } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { api } from "../../api/client";
import type { Page } from "../../api/types";
import { FlowDrawing } from "../../editor/canvas/FlowDrawing";
import { replaceDocument } from "../../editor/commands/replaceDocument";
import type { FlowDocument } from "../../editor/document";
import type { Words } from "../../editor/sentence";
import { useEditor } from "../../editor/store";
import { EmptyState, ErrorState, Loading } from "../../ui/page";
import { RelativeTime } from "../../ui/time";

interface Version {
  version: number;
  published_at: string;
  published_by?: string | { name?: string } | null;
  note?: string | null;
  instances?: number;
}

interface VersionsProps {
  flowKey: string;
  words: Words;
  onClose: () => void;
}

export function Versions({ flowKey, words, onClose }: VersionsProps) {
  const { t } = useTranslation("editor");
  const { message } = App.useApp();
  const readOnly = useEditor((state) => state.readOnly);
  const [shown, setShown] = useState<number | null>(null);
  const { data, error, refetch } = useQuery({
    queryKey: ["versions", flowKey],
    queryFn: () => api.get<Page<Version>>(`/api/flows/${flowKey}/versions`),
  });
  const restore = async (version: number) => {
    const { document } = await load(flowKey, version);
    useEditor.getState().run(replaceDocument, { document });
    message.success(t("versions.restored", { version }));
    onClose();
  };
  return (
    <Drawer open title={t("bar.versions")} onClose={onClose} size={420}>
      <p>
        <Link to={`/flows/${flowKey}/versions`} data-testid="link-versions">
          {t("versions.all")}
        </Link>
      </p>
      {error !== null && <ErrorState error={error} onRetry={() => void refetch()} />}
      {data === undefined && error === null && <Loading rows={3} />}
      {data?.items.length === 0 && (
        <EmptyState title={t("versions.none")} text={t("versions.none_text")} />
      )}
      <ol className="hr-versions" data-testid="versions">
        {data?.items.map((item) => (
          <li key={item.version}>
            <div>
              <strong>{t("versions.number", { version: item.version })}</strong>
              <span className="hr-muted-text">
                <RelativeTime at={item.published_at} /> · {nameOf(item.published_by)}
                {item.instances !== undefined &&
                  ` · ${t("versions.instances", { count: item.instances })}`}
              </span>
              {item.note && <p>{item.note}</p>}
            </div>
            <Button
              icon={<EyeOutlined />}
              onClick={() => setShown(item.version)}
              aria-label={t("versions.view", { version: item.version })}
              title={t("versions.view", { version: item.version })}
              data-testid={`btn-view-version-${item.version}`}
            />
            <Button
              icon={<RollbackOutlined />}
              onClick={() => void restore(item.version)}
              disabled={readOnly}
              aria-label={t("versions.restore", { version: item.version })}
              title={t("versions.restore", { version: item.version })}
              data-testid={`btn-restore-version-${item.version}`}
            />
          </li>
        ))}
      </ol>
      {shown !== null && (
        <Shown flowKey={flowKey} version={shown} words={words} onClose={() => setShown(null)} />
      )}
    </Drawer>
  );
}

function load(flowKey: string, version: number) {
  return api.get<{ document: FlowDocument }>(`/api/flows/${flowKey}/versions/${version}`);
}

function Shown({ flowKey, version, words, onClose }: VersionsProps & { version: number }) {
  const { t } = useTranslation("editor");
  const types = useEditor((state) => state.types);
  const { data, error } = useQuery({
    queryKey: ["version", flowKey, version],
    queryFn: () => load(flowKey, version),
    staleTime: Number.POSITIVE_INFINITY,
  });
  const title = `${words.text(data?.document.name)} · ${t("versions.number", { version })}`;
  return (
    <Modal open title={title} onCancel={onClose} footer={null} width="min(1200px, 94vw)">
      <div className="hr-version-drawing" data-testid="version-drawing">
        {error !== null && <ErrorState error={error} />}
        {data !== undefined && <FlowDrawing document={data.document} types={types} label={title} />}
      </div>
    </Modal>
  );
}

function nameOf(who: Version["published_by"]): string {
  return typeof who === "string" ? who : (who?.name ?? "");
}
