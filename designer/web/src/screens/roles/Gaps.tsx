// Roles that flows in force ask, with nobody in them or nobody behind them: told before a task finds out.

import { useQuery } from "@tanstack/react-query";
import { Button } from "antd";
import { useTranslation } from "react-i18next";
import { api } from "../../api/client";
import type { Page, Text } from "../../api/types";
import { Card } from "../../ui/page";
import { Tag } from "../../ui/StatusTag";
import { useText } from "../../ui/text";

interface Gap {
  role: string;
  title: Text;
  flows: string[];
  primary: number;
  backup: number;
}

export function Gaps({ onMend }: { onMend?: (role: string) => void }) {
  const { t } = useTranslation("admin");
  const { text } = useText();
  const { data } = useQuery({
    queryKey: ["/api/roles", "gaps"],
    queryFn: ({ signal }) => api.get<Page<Gap>>("/api/organisation/gaps", { signal }),
  });
  const gaps = data?.items ?? [];
  if (gaps.length === 0) return null;
  return (
    <Card title={t("roles.gaps")} testId="role-gaps">
      <p className="hr-muted">{t("roles.gaps_text")}</p>
      <ul>
        {gaps.map((gap) => (
          <li key={gap.role} className="hr-role">
            <div className="hr-role-name">
              <strong>{text(gap.title) || gap.role}</strong>{" "}
              <Tag tone={gap.primary === 0 ? "error" : "warn"}>
                {t(gap.primary === 0 ? "roles.nobody" : "roles.no_backup")}
              </Tag>
              <p className="hr-muted">{t("roles.gaps_flows", { count: gap.flows.length })}</p>
            </div>
            {onMend !== undefined && (
              <Button onClick={() => onMend(gap.role)} data-testid={`mend-${gap.role}`}>
                {t("roles.mend")}
              </Button>
            )}
          </li>
        ))}
      </ul>
    </Card>
  );
}
