// Links to customers' pages that an instance made: to open, and to take back when one went to the wrong person.

import { LinkOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Typography } from "antd";
import { useTranslation } from "react-i18next";
import { api } from "../../api/client";
import { useMay } from "../../api/session";
import type { Page } from "../../api/types";
import { ConfirmButton } from "../../ui/ConfirmButton";
import { Card } from "../../ui/page";
import { RelativeTime } from "../../ui/time";
import type { InstanceDetail } from "./instance";

interface CustomerPage {
  id: string;
  table: string;
  key: string;
  url: string;
  expires_at: string;
  closed_at: string | null;
}

/** Shown only where the flow makes such pages. */
export function CustomerPages({ instance }: { instance: InstanceDetail }) {
  const { t } = useTranslation("instances");
  const may = useMay();
  const makes = instance.document.nodes.some((node) => node.type === "customer_page");
  const { data, refetch } = useQuery({
    queryKey: ["instance", instance.id, "pages", instance.seq],
    queryFn: ({ signal }) =>
      api.get<Page<CustomerPage>>(`/api/public-pages?instance=${instance.id}`, { signal }),
    enabled: makes && may("instances:read"),
    retry: false,
  });
  const pages = data?.items ?? [];
  if (pages.length === 0) return null;
  const close = async (id: string) => {
    await api.post(`/api/public-pages/${id}/close`, {});
    await refetch();
  };
  return (
    <Card title={t("pages.title")} testId="customer-pages">
      <ul className="hr-waits">
        {pages.map((page) => (
          <li key={page.id}>
            <LinkOutlined aria-hidden />
            <span>
              {page.closed_at === null ? (
                <Typography.Link
                  underline
                  href={page.url}
                  target="_blank"
                  rel="noreferrer"
                  copyable={{ text: new URL(page.url, window.location.origin).href }}
                >
                  {page.key}
                </Typography.Link>
              ) : (
                page.key
              )}
              <span className="hr-muted">
                {" · "}
                {t(page.closed_at === null ? "pages.until" : "pages.closed")}{" "}
                <RelativeTime at={page.closed_at ?? page.expires_at} />
              </span>
            </span>
            {page.closed_at === null && may("instances:operate") && (
              <ConfirmButton
                danger
                size="small"
                title={t("pages.close_title")}
                text={t("pages.close_text")}
                confirmLabel={t("pages.close")}
                onConfirm={() => close(page.id)}
              >
                {t("pages.close")}
              </ConfirmButton>
            )}
          </li>
        ))}
      </ul>
    </Card>
  );
}
