// What an instance waits for from outside: messages and signals, and keys that others hold; and the keys it holds itself.

import {
  InboxOutlined,
  LockOutlined,
  MailOutlined,
  SoundOutlined,
  UnlockOutlined,
} from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { api } from "../../api/client";
import { useMay } from "../../api/session";
import type { Page } from "../../api/types";
import { type NodeTypes, nodeOf } from "../../editor/document";
import { nameOf } from "../../editor/variables";
import { Card } from "../../ui/page";
import { useText } from "../../ui/text";
import { RelativeTime } from "../../ui/time";
import { type InstanceDetail, isOpen } from "./instance";

interface Subscription {
  id: string;
  step: number;
  node: string;
  kind: "message" | "signal";
  name: string;
  key: string;
  created_at: string;
}

interface Lock {
  key: string;
  step: number;
  held: boolean;
  since: string;
}

interface Came {
  id: string;
  kind: "job" | "timer" | "message" | "sub_flow" | "lock" | "cancel" | "other";
  step: number | null;
  at: string;
}

const CAME_EVERY_MS = 5_000;

/** Shown only when there is something. */
export function Waits({ instance, types }: { instance: InstanceDetail; types: NodeTypes }) {
  const { t } = useTranslation("instances");
  const { text } = useText();
  const may = useMay()("instances:read");
  const open = isOpen(instance.status);
  const waits = useAsked<Subscription>(
    instance,
    "subscriptions",
    `/api/subscriptions?instance=${instance.id}`,
    open && may,
  );
  const locks = useAsked<Lock>(
    instance,
    "locks",
    `/api/instances/${instance.id}/locks`,
    open && may,
  );
  // What rests does not move the instance, so it is looked for.
  const stands = may && (instance.status === "suspended" || instance.status === "incident");
  const { data: rests } = useQuery({
    queryKey: ["instance", instance.id, "inbox", instance.seq],
    queryFn: ({ signal }) => api.get<Page<Came>>(`/api/instances/${instance.id}/inbox`, { signal }),
    enabled: stands,
    refetchInterval: CAME_EVERY_MS,
    retry: false,
  });
  const came = stands ? (rests?.items ?? []) : [];
  if (waits.length + locks.length + came.length === 0) return null;
  const nodeName = (id: string | undefined) => {
    const node = nodeOf(instance.document, id ?? "");
    return node === undefined ? (id ?? "") : nameOf(node, types, text);
  };
  const nodeAt = (step: number) =>
    nodeName(instance.steps.find((each) => Number(each.step) === step)?.node);
  return (
    <Card title={t("waits.title")} testId="waits">
      <ul className="hr-waits">
        {waits.map((wait) => (
          <li key={wait.id}>
            {wait.kind === "message" ? <MailOutlined aria-hidden /> : <SoundOutlined aria-hidden />}
            <span>
              {t(`waits.${wait.kind}`)} <code>{wait.name}</code>
              {wait.key !== "" && (
                <>
                  {" "}
                  {t("waits.key")} <code>{wait.key}</code>
                </>
              )}
              <span className="hr-muted">
                {" "}
                · {nodeName(wait.node)} · <RelativeTime at={wait.created_at} />
              </span>
            </span>
            <Link to={`/operations/messages?view=buffered&name=${encodeURIComponent(wait.name)}`}>
              {t("waits.see_messages")}
            </Link>
          </li>
        ))}
        {locks.map((lock) => (
          <li key={`${lock.key} ${lock.step}`}>
            {lock.held ? <LockOutlined aria-hidden /> : <UnlockOutlined aria-hidden />}
            <span>
              {t(lock.held ? "waits.holds" : "waits.wants")} <code>{lock.key}</code>
              <span className="hr-muted">
                {" "}
                · {nodeAt(lock.step)} · <RelativeTime at={lock.since} />
              </span>
            </span>
          </li>
        ))}
      </ul>
      {came.length > 0 && (
        <>
          <h3 className="hr-waits-came">{t("waits.came")}</h3>
          <ol className="hr-waits" data-testid="came-meanwhile">
            {came.map((one) => (
              <li key={one.id}>
                <InboxOutlined aria-hidden />
                <span>
                  {t(`waits.came_${one.kind}`)}
                  <span className="hr-muted">
                    {" "}
                    · {one.step !== null && <>{nodeAt(one.step)} · </>}
                    <RelativeTime at={one.at} />
                  </span>
                </span>
              </li>
            ))}
          </ol>
          {rests?.next_cursor && <p className="hr-muted">{t("waits.came_more")}</p>}
        </>
      )}
    </Card>
  );
}

function useAsked<Item>(
  instance: InstanceDetail,
  name: string,
  path: string,
  enabled: boolean,
): Item[] {
  const { data } = useQuery({
    // What an instance waits for changes only when it moves.
    queryKey: ["instance", instance.id, name, instance.seq],
    queryFn: ({ signal }) => api.get<Page<Item>>(path, { signal }),
    enabled,
    retry: false,
  });
  return data?.items ?? [];
}
