// What was sent to the outside: mails, robot messages, and what became of each.

import { MailOutlined } from "@ant-design/icons";
import { Modal } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useList } from "../../api/list";
import type { Delivery } from "../../api/types";
import { type Column, DataTable } from "../../ui/DataTable";
import { EmptyState, PageBody, PageHeader } from "../../ui/page";
import { StatusTag } from "../../ui/StatusTag";
import { useText } from "../../ui/text";
import { ExactTime, RelativeTime } from "../../ui/time";
import { plainValue } from "../../ui/ValueView";

const EVERY_MS = 20_000;

export default function Deliveries() {
  const { t } = useTranslation("admin");
  const [open, setOpen] = useState<Delivery | null>(null);
  const list = useList<Delivery>("/api/deliveries", {}, { everyMs: EVERY_MS });
  return (
    <>
      <PageHeader title={t("deliveries.title")} subtitle={t("deliveries.subtitle")} />
      <PageBody>
        <DataTable
          label={t("deliveries.title")}
          columns={useColumns()}
          {...list}
          rowKey={(delivery) => String(delivery.id)}
          onOpen={setOpen}
          testId={(delivery) => `delivery-${delivery.id}`}
          empty={
            <EmptyState
              icon={<MailOutlined />}
              title={t("deliveries.empty")}
              text={t("deliveries.empty_text")}
            />
          }
        />
      </PageBody>
      {open && <DeliveryDialog delivery={open} onClose={() => setOpen(null)} />}
    </>
  );
}

function useColumns(): Column<Delivery>[] {
  const { t } = useTranslation("admin");
  const { text, language } = useText();
  const channel = (name: string) => t(`deliveries.channel.${name}`, { defaultValue: name });
  return [
    {
      key: "title",
      title: t("deliveries.what"),
      render: (delivery) => text(delivery.title) || channel(delivery.channel),
    },
    { key: "channel", title: t("deliveries.by"), render: (delivery) => channel(delivery.channel) },
    {
      key: "to",
      title: t("deliveries.to"),
      render: (delivery) => plainValue(delivery.to, language),
    },
    {
      key: "status",
      title: t("deliveries.status"),
      render: (delivery) => <StatusTag status={delivery.status} />,
      phone: "corner",
    },
    {
      key: "attempts",
      title: t("deliveries.attempts"),
      align: "right",
      render: (delivery) => delivery.attempts?.length ?? 0,
    },
    {
      key: "at",
      title: t("deliveries.at"),
      render: (delivery) => <RelativeTime at={delivery.created_at} />,
    },
    {
      key: "instance",
      title: t("instance"),
      render: (delivery) =>
        delivery.instance_id ? (
          <Link className="hr-nowrap" to={`/instances/${delivery.instance_id}`}>
            {t("see_instance")}
          </Link>
        ) : (
          <span className="hr-muted">–</span>
        ),
    },
  ];
}

function DeliveryDialog({ delivery, onClose }: { delivery: Delivery; onClose: () => void }) {
  const { t } = useTranslation("admin");
  const { text, language } = useText();
  const attempts = delivery.attempts ?? [];
  return (
    <Modal
      open
      title={text(delivery.title) || t("deliveries.one")}
      footer={null}
      onCancel={onClose}
    >
      <div className="hr-stack">
        <p className="hr-row">
          <StatusTag status={delivery.status} /> {plainValue(delivery.to, language)}
        </p>
        {attempts.length === 0 && <p className="hr-muted">{t("deliveries.no_attempt")}</p>}
        <ol className="hr-stack">
          {attempts.map((attempt) => (
            <li key={attempt.at}>
              <StatusTag status={attempt.ok ? "sent" : "failed"} /> <ExactTime at={attempt.at} />
              <p className="hr-muted">{plainValue(attempt.answer, language)}</p>
            </li>
          ))}
        </ol>
      </div>
    </Modal>
  );
}
