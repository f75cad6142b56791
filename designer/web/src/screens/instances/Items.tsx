// The items of a for-each that runs: how far it is, each one of them, more of them, and its end.

import { PlusOutlined } from "@ant-design/icons";
import { useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { App, Button, Input, Modal, Progress } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { api, query } from "../../api/client";
import { useMay } from "../../api/session";
import type { Page } from "../../api/types";
import { type NodeTypes, nodeOf } from "../../editor/document";
import { nameOf } from "../../editor/variables";
import { ConfirmButton } from "../../ui/ConfirmButton";
import { useErrorText } from "../../ui/errorText";
import { Card } from "../../ui/page";
import { StatusTag } from "../../ui/StatusTag";
import { Trouble } from "../../ui/Trouble";
import { useText } from "../../ui/text";
import { plainValue } from "../../ui/ValueView";
import { type InstanceDetail, isOpen, type Step } from "./instance";

interface Item {
  number: number;
  input: Record<string, unknown>;
  business_key: string | null;
  instance_id: string | null;
  status: string;
  output: unknown;
}

interface Counts {
  total: number;
  done: number;
  failed: number;
  running: number;
  waiting: number;
}

type Items = Page<Item> & { counts: Counts };

const NONE: Counts = { total: 0, done: 0, failed: 0, running: 0, waiting: 0 };

const EVERY_MS = 5_000;
const PAGE = 50;

interface ItemsProps {
  instance: InstanceDetail;
  types: NodeTypes;
  onDone: () => void;
}

/** A card for every step whose sub-flows run by items. */
export function Items(props: ItemsProps) {
  const { instance } = props;
  const steps = instance.steps.filter((step) => {
    const settings = nodeOf(instance.document, step.node)?.settings ?? {};
    return step.type === "subflow" && (settings["window"] !== undefined || settings["more"]);
  });
  return steps.map((step) => <OfStep key={step.step} step={step} {...props} />);
}

function OfStep({ step, instance, types, onDone }: ItemsProps & { step: Step }) {
  const { t } = useTranslation("instances");
  const { language, text } = useText();
  const may = useMay();
  const path = `/api/instances/${instance.id}/steps/${step.step}/items`;
  const open = step.ended_at === null && isOpen(instance.status);
  const list = useInfiniteQuery({
    queryKey: ["instance", instance.id, "items", step.step],
    queryFn: ({ pageParam, signal }) =>
      api.get<Items>(path + query({ limit: PAGE, cursor: pageParam }), { signal }),
    initialPageParam: "",
    getNextPageParam: (page) => page.next_cursor || undefined,
    refetchInterval: open ? EVERY_MS : false,
  });
  const items = list.data?.pages.flatMap((page) => page.items) ?? [];
  const counts = list.data?.pages[0]?.counts ?? NONE;
  const { total } = counts;
  const ended = counts.done + counts.failed;
  const node = nodeOf(instance.document, step.node);
  const settings = node?.settings ?? {};
  if (total === 0 && !open) return null;
  return (
    <Card
      title={t("items.title", { name: node ? nameOf(node, types, text) : step.node })}
      testId={`items-${step.step}`}
      actions={
        open &&
        may("instances:operate") && (
          <span className="hr-row">
            {settings["more"] === true && <Add path={path} onDone={onDone} />}
            {settings["more"] === true && (
              <Close instance={instance} step={step} finish={false} onDone={onDone} />
            )}
            <Close instance={instance} step={step} finish onDone={onDone} />
          </span>
        )
      }
    >
      <div className="hr-items-progress">
        <Progress
          percent={total === 0 ? 0 : Math.round((ended / total) * 100)}
          success={{ percent: total === 0 ? 0 : Math.round((counts.done / total) * 100) }}
          {...(counts.failed > 0 ? { status: "exception" as const } : {})}
          aria-label={t("items.progress", { ended, total })}
        />
        <p className="hr-muted" data-testid="items-counts">
          {t("items.progress", { ended, total })}
          {counts.running > 0 && ` · ${t("items.running", { count: counts.running })}`}
          {counts.failed > 0 && ` · ${t("items.failed", { count: counts.failed })}`}
        </p>
      </div>
      <ul className="hr-item-rows">
        {items.map((item) => (
          <li key={item.number}>
            <span className="hr-muted">{item.number + 1}</span>
            <span className="hr-item-what">
              {item.instance_id === null ? (
                (item.business_key ?? plainValue(item.input, language))
              ) : (
                <Link to={`/instances/${item.instance_id}`}>
                  {item.business_key ?? plainValue(item.input, language)}
                </Link>
              )}
            </span>
            <StatusTag status={item.status} />
          </li>
        ))}
      </ul>
      {list.hasNextPage && (
        <Button onClick={() => void list.fetchNextPage()} loading={list.isFetchingNextPage}>
          {t("items.more")}
        </Button>
      )}
    </Card>
  );
}

function Add({ path, onDone }: { path: string; onDone: () => void }) {
  const { t } = useTranslation("instances");
  const { message } = App.useApp();
  const queries = useQueryClient();
  const [open, setOpen] = useState(false);
  const [text, setText] = useState("");
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const inputs = parsed(text);
  const add = async () => {
    if (inputs === null) return;
    setBusy(true);
    setError(null);
    try {
      await api.post(path, { inputs });
      message.success(t("items.added", { count: inputs.length }));
      await queries.invalidateQueries({ queryKey: ["instance"] });
      onDone();
      setOpen(false);
      setText("");
    } catch (caught) {
      setError(caught);
    } finally {
      setBusy(false);
    }
  };
  return (
    <>
      <Button icon={<PlusOutlined />} onClick={() => setOpen(true)} data-testid="btn-add-items">
        {t("items.add")}
      </Button>
      <Modal
        open={open}
        title={t("items.add")}
        onCancel={() => setOpen(false)}
        okText={inputs === null ? t("items.add") : t("items.add_count", { count: inputs.length })}
        okButtonProps={{ disabled: inputs === null, loading: busy }}
        onOk={() => void add()}
      >
        <div className="hr-stack">
          <p>{t("items.add_text")}</p>
          <Input.TextArea
            className="hr-mono"
            value={text}
            onChange={(event) => setText(event.target.value)}
            autoSize={{ minRows: 4, maxRows: 12 }}
            placeholder={'{"order_no": "A-1"}\n{"order_no": "A-2"}'}
            aria-label={t("items.add")}
            data-testid="items-text"
            {...(text.trim() !== "" && inputs === null ? { status: "error" as const } : {})}
          />
          {error !== null && <Trouble error={error} />}
        </div>
      </Modal>
    </>
  );
}

/** One JSON object a line, or a list of them. */
function parsed(text: string): Record<string, unknown>[] | null {
  const isRecord = (value: unknown) =>
    typeof value === "object" && value !== null && !Array.isArray(value);
  try {
    const trimmed = text.trim();
    const found: unknown[] = trimmed.startsWith("[")
      ? JSON.parse(trimmed)
      : trimmed
          .split("\n")
          .filter((line) => line.trim() !== "")
          .map((line) => JSON.parse(line));
    return found.length > 0 && found.every(isRecord) ? (found as Record<string, unknown>[]) : null;
  } catch {
    return null;
  }
}

interface CloseProps {
  instance: InstanceDetail;
  step: Step;
  finish: boolean;
  onDone: () => void;
}

function Close({ instance, step, finish, onDone }: CloseProps) {
  const { t } = useTranslation("instances");
  const { message } = App.useApp();
  const textOf = useErrorText();
  const kind = finish ? "finish" : "close";
  return (
    <ConfirmButton
      danger={finish}
      title={t(`items.${kind}_title`)}
      text={t(`items.${kind}_text`)}
      confirmLabel={t(`items.${kind}`)}
      onConfirm={async () => {
        try {
          await api.post(`/api/instances/${instance.id}/steps/${step.step}/close`, { finish });
        } catch (error) {
          message.error(textOf(error));
        }
        onDone();
      }}
      data-testid={`btn-${kind}-items`}
    >
      {t(`items.${kind}`)}
    </ConfirmButton>
  );
}
