// Roles whose people work by this calendar: tasks of the role count its hours, whatever the flow says.

import { useQuery } from "@tanstack/react-query";
import { Button } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api } from "../../api/client";
import type { Page, Role } from "../../api/types";
import { FormDialog } from "../../ui/form/FormDialog";
import { Card } from "../../ui/page";
import { Tag } from "../../ui/StatusTag";
import { useText } from "../../ui/text";
import type { Calendar } from "./calendar";

interface RolesOfProps {
  calendar: Calendar;
  write: boolean;
  onSaved: () => Promise<unknown>;
}

export function RolesOf({ calendar, write, onSaved }: RolesOfProps) {
  const { t } = useTranslation("calendars");
  const { text } = useText();
  const [choosing, setChoosing] = useState(false);
  const { data } = useQuery({
    queryKey: ["/api/roles", "for-calendars"],
    queryFn: ({ signal }) => api.get<Page<Role>>("/api/roles", { signal }),
    retry: false,
  });
  const roles = (data?.items ?? []).filter((role) => !role.system);
  const nameOf = (key: string) => text(roles.find((role) => role.key === key)?.title) || key;
  const own = calendar.roles ?? [];
  const others = roles.filter((role) => !own.includes(role.key));
  const choose = async (role: string, key: string | null) => {
    await api.put(`/api/roles/${role}/calendar`, { calendar: key });
    await onSaved();
  };
  return (
    <Card
      title={t("roles")}
      testId="calendar-roles"
      actions={
        write &&
        others.length > 0 && (
          <Button onClick={() => setChoosing(true)} data-testid="btn-choose-role">
            {t("choose_role")}
          </Button>
        )
      }
    >
      {own.length === 0 ? (
        <p className="hr-muted">{t("no_roles")}</p>
      ) : (
        <ul className="hr-cal-flows">
          {own.map((key) => (
            <li key={key}>
              <Tag>{nameOf(key)}</Tag>
              {write && (
                <Button type="link" onClick={() => void choose(key, null)}>
                  {t("release_role")}
                </Button>
              )}
            </li>
          ))}
        </ul>
      )}
      {choosing && (
        <FormDialog
          title={t("choose_role")}
          intro={t("choose_role_text")}
          schema={{
            type: "object",
            required: ["role"],
            properties: {
              role: {
                type: "string",
                title: t("role"),
                oneOf: others.map((role) => ({ const: role.key, title: nameOf(role.key) })),
              },
            },
          }}
          onClose={() => setChoosing(false)}
          onSubmit={async (value) => {
            await choose(String(value["role"]), calendar.key);
            setChoosing(false);
          }}
        />
      )}
    </Card>
  );
}
