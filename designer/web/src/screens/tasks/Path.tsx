// Where it stands: the steps behind it, the one it waits at, and those that follow, with their people. A list, because that is
// what one reads on a phone; the drawing is a press away.

import {
  ApartmentOutlined,
  CheckOutlined,
  ClockCircleOutlined,
  CloseOutlined,
  MinusOutlined,
} from "@ant-design/icons";
import { Button } from "antd";
import { Suspense, useState } from "react";
import { useTranslation } from "react-i18next";
import { useMay } from "../../api/session";
import { lazy } from "../../ui/lazy";
import { Card } from "../../ui/page";
import { StatusTag } from "../../ui/StatusTag";
import { useText } from "../../ui/text";
import { RelativeTime } from "../../ui/time";
import { nameOf, type PathNode, type TaskDetail } from "./task";

const Drawing = lazy(() => import("./PathDrawing").then((file) => ({ default: file.PathDrawing })));

const SIGNS = {
  done: <CheckOutlined aria-hidden />,
  now: <ClockCircleOutlined aria-hidden />,
  next: null,
  skipped: <MinusOutlined aria-hidden />,
};

export function Path({ task }: { task: TaskDetail }) {
  const { t } = useTranslation("tasks");
  const may = useMay();
  const [drawn, setDrawn] = useState(false);
  const nodes = task.path?.nodes ?? [];
  const drawable = task.path?.document !== undefined || may("instances:read");
  if (nodes.length === 0) return null;
  return (
    <Card
      title={t("path.title")}
      testId="path"
      {...(drawable
        ? {
            actions: (
              <Button
                type="text"
                size="small"
                icon={<ApartmentOutlined />}
                onClick={() => setDrawn(true)}
                data-testid="btn-drawing"
              >
                {t("path.drawing")}
              </Button>
            ),
          }
        : {})}
    >
      <ol className="hr-path">
        {nodes.map((node, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a node may be passed twice; its place is its name
          <PathStep key={`${node.id}.${index}`} node={node} />
        ))}
      </ol>
      {drawn && (
        <Suspense>
          <Drawing task={task} onClose={() => setDrawn(false)} />
        </Suspense>
      )}
    </Card>
  );
}

function PathStep({ node }: { node: PathNode }) {
  const { t } = useTranslation("tasks");
  const { text } = useText();
  const who = (node.who ?? []).map(nameOf).join(t("comma"));
  return (
    <li
      data-status={node.status}
      data-decision={node.decision ?? undefined}
      aria-current={node.status === "now" ? "step" : undefined}
      data-testid={`path-${node.id}`}
    >
      <span className="hr-path-sign" aria-hidden>
        {node.decision === "rejected" ? <CloseOutlined /> : SIGNS[node.status]}
      </span>
      <span className="hr-path-what">
        <span className="hr-hidden">{t(`path.${node.status}`)}: </span>
        <strong className="hr-path-name">{text(node.name) || node.id}</strong>
        {who && <small>{node.status === "next" ? t("path.will", { names: who }) : who}</small>}
      </span>
      <span className="hr-path-how">
        {node.decision && <StatusTag status={node.decision} />}
        {node.status === "now" && !node.decision && (
          <StatusTag status="open">{t("path.now")}</StatusTag>
        )}
        {node.at && node.status === "done" && (
          <small className="hr-muted">
            <RelativeTime at={node.at} />
          </small>
        )}
      </span>
    </li>
  );
}
