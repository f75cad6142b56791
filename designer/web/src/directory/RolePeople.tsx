// Who is in a role, and who stands in for them: what every approval by role hangs on.

import { useQuery, useQueryClient } from "@tanstack/react-query";
import { App, Button, Modal } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api } from "../api/client";
import type { Page, Role } from "../api/types";
import { PeoplePicker } from "../people/PeoplePicker";
import { ErrorState, Loading } from "../ui/page";
import { Trouble } from "../ui/Trouble";
import { useText } from "../ui/text";
import type { PersonRef } from "./who";
import "./directory.css";

interface RolePeopleProps {
  role: string;
  onClose: () => void;
  /** After it was saved. */
  onSaved?: () => void;
}

/** The dialog, from a role's key alone: wherever a role is found wanting. */
export function RolePeople({ role: key, onClose, onSaved }: RolePeopleProps) {
  const { t } = useTranslation("organisation");
  const roles = useQuery({
    queryKey: ["/api/roles", "people", key],
    queryFn: ({ signal }) => api.get<Page<Role>>("/api/roles", { signal }),
  });
  const role = roles.data?.items.find((one) => one.key === key);
  if (role !== undefined) {
    return <Dialog role={role} onClose={onClose} {...(onSaved ? { onSaved } : {})} />;
  }
  return (
    <Modal open title={t("role.people")} onCancel={onClose} footer={null}>
      {roles.error ? (
        <ErrorState error={roles.error} onRetry={() => void roles.refetch()} />
      ) : roles.data ? (
        <p>{t("role.unknown", { key })}</p>
      ) : (
        <Loading rows={3} />
      )}
    </Modal>
  );
}

interface DialogProps {
  role: Role;
  onClose: () => void;
  onSaved?: () => void;
}

function Dialog({ role, onClose, onSaved }: DialogProps) {
  const { t } = useTranslation(["organisation", "app"]);
  const { text } = useText();
  const { message } = App.useApp();
  const queries = useQueryClient();
  const before = { primary: refsOf(role.primary ?? role.members), backup: refsOf(role.backup) };
  const [primary, setPrimary] = useState(before.primary.map(({ id }) => id));
  const [backup, setBackup] = useState(before.backup.map(({ id }) => id));
  const [limit, setLimit] = useState(role.pool?.limit ?? 0);
  const [helpers, setHelpers] = useState(role.pool?.people ?? []);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const name = text(role.title);
  const save = async () => {
    setBusy(true);
    try {
      await api.put(`/api/roles/${role.key}/members`, primary);
      if (!role.system) {
        await api.put(`/api/roles/${role.key}/backup`, backup);
        const pool = limit > 0 && helpers.length > 0 ? { limit, people: helpers } : null;
        if (JSON.stringify(pool) !== JSON.stringify(role.pool ?? null)) {
          await api.put(`/api/roles/${role.key}/pool`, pool);
        }
      }
      await Promise.all(
        [["/api/roles"], ["/api/users"], ["/api/people"], ["roles"]].map((queryKey) =>
          queries.invalidateQueries({ queryKey }),
        ),
      );
      message.success(t("app:state.saved"));
      onSaved?.();
      onClose();
    } catch (trouble) {
      setError(trouble);
      setBusy(false);
    }
  };
  return (
    <Modal
      open
      title={t("role.people_of", { name })}
      onCancel={onClose}
      mask={{ closable: false }}
      destroyOnHidden
      footer={
        <>
          <Button onClick={onClose} data-testid="btn-cancel">
            {t("app:action.cancel")}
          </Button>
          <Button type="primary" loading={busy} onClick={save} data-testid="btn-save-people">
            {t("app:action.save")}
          </Button>
        </>
      }
    >
      <div className="hr-stack" data-testid="role-people">
        <PeoplePicker
          label={t(role.system ? "role.members" : "role.primary")}
          help={role.system ? undefined : t("role.primary_help")}
          value={primary}
          known={before.primary}
          exclude={backup}
          onChange={setPrimary}
          testId="role-primary"
        />
        {!role.system && (
          <PeoplePicker
            label={t("role.backup")}
            help={t("role.backup_help")}
            value={backup}
            known={before.backup}
            exclude={primary}
            onChange={setBackup}
            testId="role-backup"
          />
        )}
        {!role.system && (
          <details open={role.pool != null || undefined} className="hr-role-pool">
            <summary>{t("role.pool")}</summary>
            <div className="hr-stack">
              <p className="hr-muted">{t("role.pool_help")}</p>
              <label className="hr-who-at">
                {t("role.pool_limit")}
                <input
                  type="number"
                  min={0}
                  value={limit || ""}
                  onChange={(event) => setLimit(Number(event.target.value))}
                  data-testid="role-pool-limit"
                />
              </label>
              {limit > 0 && (
                <PeoplePicker
                  label={t("role.pool_people")}
                  value={helpers}
                  known={role.helping?.map(({ id, name }) => ({ id, name }))}
                  exclude={primary}
                  onChange={setHelpers}
                  testId="role-pool"
                />
              )}
            </div>
          </details>
        )}
        {error !== null && <Trouble error={error} />}
      </div>
    </Modal>
  );
}

function refsOf(people: Role["members"]): PersonRef[] {
  return (people ?? []).map((one) => (typeof one === "string" ? { id: one, name: one } : one));
}
