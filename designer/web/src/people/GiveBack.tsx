// Somebody is back: what the substitute has not decided meanwhile becomes theirs again.

import { RollbackOutlined } from "@ant-design/icons";
import { useQueryClient } from "@tanstack/react-query";
import { App } from "antd";
import { useTranslation } from "react-i18next";
import { api } from "../api/client";
import { ConfirmButton } from "../ui/ConfirmButton";
import { useErrorText } from "../ui/errorText";
import type { PersonRef } from "./people";

const PATH = "/api/substitutions";

export interface Held {
  id: string;
  person: PersonRef;
  substitute: PersonRef | null;
  still_held?: number;
}

export function GiveBack({ of }: { of: Held }) {
  const { t } = useTranslation("people");
  const { message } = App.useApp();
  const errorText = useErrorText();
  const queries = useQueryClient();
  const { still_held: count = 0, substitute } = of;
  if (count === 0 || substitute === null) return null;
  const giveBack = async () => {
    try {
      const told = await api.post<{ count: number }>(`${PATH}/${of.id}/give-back`, {});
      message.success(t("give_back.done", { count: told.count }));
      await queries.invalidateQueries({ queryKey: [PATH] });
      await queries.invalidateQueries({ queryKey: ["/api/tasks"] });
    } catch (error) {
      message.error(errorText(error));
    }
  };
  return (
    <ConfirmButton
      icon={<RollbackOutlined />}
      title={t("give_back.title", { count, substitute: substitute.name })}
      text={t("give_back.text", { person: of.person.name, substitute: substitute.name })}
      confirmLabel={t("give_back.confirm")}
      onConfirm={giveBack}
      data-testid={`give-back-${of.id}`}
    >
      {t("give_back.button", { count })}
    </ConfirmButton>
  );
}
