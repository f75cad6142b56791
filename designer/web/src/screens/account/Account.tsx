// The signed-in person: name, preferences, who acts for them, how they are reached, password.

import { App, Button } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useMay, useSession } from "../../api/session";
import type { JsonSchema } from "../../schema";
import { LanguageSwitch, ModeSwitch } from "../../shell/Preferences";
import type { JsonObject } from "../../ui/form/kinds";
import { SchemaForm } from "../../ui/form/SchemaForm";
import { useForm } from "../../ui/form/useForm";
import type { FormProblem } from "../../ui/form/validate";
import { Card, PageBody, PageHeader } from "../../ui/page";
import { Trouble } from "../../ui/Trouble";
import { Away } from "./Away";
import { Channels } from "./Channels";

const PASSWORD_MIN = 8;

export default function Account() {
  const { t } = useTranslation("app");
  const may = useMay();
  return (
    <>
      <PageHeader title={t("nav.account")} />
      <PageBody>
        <div className="hr-stack" style={{ maxWidth: 560 }}>
          <Profile />
          <Card title={t("account.preferences")}>
            <div className="hr-row">
              <LanguageSwitch />
              <ModeSwitch />
            </div>
          </Card>
          {may("tasks:decide") && <Away />}
          <Channels />
          <Password />
        </div>
      </PageBody>
    </>
  );
}

function Profile() {
  const { t } = useTranslation("app");
  const { message } = App.useApp();
  const { user, change } = useSession();
  const schema: JsonSchema = {
    type: "object",
    required: ["name"],
    properties: { name: { type: "string", title: t("account.name"), maxLength: 100 } },
  };
  const save = async (value: JsonObject) => {
    await change({ name: String(value["name"]) });
    message.success(t("state.saved"));
  };
  return (
    <Card title={t("account.profile")}>
      <p className="hr-muted" style={{ marginBottom: 12 }}>
        {t("account.login")}: <code>{user?.login}</code>
        {user?.email && ` · ${user.email}`}
      </p>
      <SmallForm
        schema={schema}
        start={{ name: user?.name }}
        onSave={save}
        label={t("action.save")}
      />
    </Card>
  );
}

function Password() {
  const { t } = useTranslation("app");
  const { message } = App.useApp();
  const change = useSession((state) => state.change);
  const [round, setRound] = useState(0); // a new round is an empty form
  const secret = (title: string): JsonSchema => ({ type: "string", format: "password", title });
  const schema: JsonSchema = {
    type: "object",
    required: ["old", "new", "again"],
    properties: {
      old: secret(t("account.password_old")),
      new: {
        ...secret(t("account.password_new")),
        minLength: PASSWORD_MIN,
        description: t("account.password_hint"),
      },
      again: secret(t("account.password_again")),
    },
  };
  const check = (value: JsonObject): FormProblem[] =>
    value["new"] === value["again"]
      ? []
      : [{ path: "/again", code: "", message: t("account.password_differs") }];
  const save = async (value: JsonObject) => {
    await change({ password: { old: String(value["old"]), new: String(value["new"]) } });
    message.success(t("account.password_changed"));
    setRound(round + 1);
  };
  return (
    <Card title={t("account.password")}>
      <SmallForm
        key={round}
        schema={schema}
        start={{}}
        check={check}
        onSave={save}
        label={t("account.password")}
      />
    </Card>
  );
}

interface SmallFormProps {
  schema: JsonSchema;
  start: JsonObject;
  label: string;
  check?: (value: JsonObject) => FormProblem[];
  onSave: (value: JsonObject) => Promise<void>;
}

function SmallForm({ schema, start, label, check, onSave }: SmallFormProps) {
  const form = useForm({ schema, start, check, onSubmit: onSave });
  return (
    <form className="hr-dialog-form" onSubmit={form.submit} noValidate>
      <SchemaForm {...form.fields} />
      {form.error !== null && <Trouble error={form.error} known={form.known} />}
      <div>
        <Button type="primary" htmlType="submit" loading={form.busy}>
          {label}
        </Button>
      </div>
    </form>
  );
}
