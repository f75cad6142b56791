// What a role without a backup means for publishing: refused, or only a warning.

import { useQuery, useQueryClient } from "@tanstack/react-query";
import { App } from "antd";
import { useTranslation } from "react-i18next";
import { api } from "../../api/client";
import { useErrorText } from "../../ui/errorText";
import { Card } from "../../ui/page";
import { Segments } from "../../ui/Segments";

interface StaffingRules {
  backup: "refuse" | "warn";
}

const ADDRESS = "/api/organisation/rules";

export function Rules({ write }: { write: boolean }) {
  const { t } = useTranslation(["admin", "app"]);
  const { message } = App.useApp();
  const errorText = useErrorText();
  const queries = useQueryClient();
  const { data } = useQuery({
    queryKey: [ADDRESS],
    queryFn: ({ signal }) => api.get<StaffingRules>(ADDRESS, { signal }),
  });
  if (data === undefined || !write) return null;
  const set = async (backup: StaffingRules["backup"]) => {
    if (backup === data.backup) return;
    try {
      queries.setQueryData([ADDRESS], await api.patch<StaffingRules>(ADDRESS, { backup }));
      message.success(t("app:state.saved"));
    } catch (error) {
      message.error(errorText(error));
    }
  };
  return (
    <Card>
      <div className="hr-spread hr-role-rule">
        <div>
          <strong>{t("roles.rule")}</strong>
          <p className="hr-muted">{t("roles.rule_text")}</p>
        </div>
        <Segments
          label={t("roles.rule")}
          options={(["refuse", "warn"] as const).map((value) => ({
            value,
            title: t(`roles.rule_${value}`),
          }))}
          value={data.backup}
          onChange={set}
          testId="rule"
        />
      </div>
    </Card>
  );
}
