// "Who would get this?" beside the setting itself: answered by the server for the drawing as it stands, with its sample data.

import { QuestionCircleOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Button } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useMay, useSession } from "../../api/session";
import { WhoFields } from "../../directory/WhoFields";
import { WhoResult } from "../../directory/WhoResult";
import { askWho, momentOf } from "../../directory/who";
import { useErrorText } from "../../ui/errorText";
import { useDelayed } from "../../ui/useDelayed";
import type { FlowDocument, Settings } from "../document";
import { useForm } from "../form/context";
import { useDocument, useEditor } from "../store";
import { assigneesOf } from "./assignee";

export function WhoPanel({ settings }: { settings: Settings }) {
  const { t } = useTranslation("organisation");
  const may = useMay();
  const [open, setOpen] = useState(false);
  const none = assigneesOf(settings["assignees"]).length === 0;
  if (!may("users:read")) return null;
  return (
    <section className="hr-who-panel" data-testid="who-panel">
      <Button
        icon={<QuestionCircleOutlined />}
        aria-expanded={open}
        disabled={none}
        onClick={() => setOpen(!open)}
        data-testid="btn-who"
      >
        {t("who.title")}
      </Button>
      {open && !none && <Question settings={settings} />}
    </section>
  );
}

function Question({ settings }: { settings: Settings }) {
  const { t } = useTranslation("organisation");
  const errorText = useErrorText();
  const document = useDocument();
  const { sample } = useForm();
  const node = useEditor((state) => state.selection.nodes[0] ?? "");
  const user = useSession((state) => state.user);
  const { select } = useEditor.getState();
  const [initiator, setInitiator] = useState(user?.id ?? "");
  const [at, setAt] = useState("");
  const [chosen, setChosen] = useState<Record<string, string[]>>({});
  const choices = assigneesOf(settings["assignees"]).flatMap((each) =>
    each.kind === "chosen" && each.name ? [each.name] : [],
  );
  // The words of a drawing change with every key; what it says about people is asked once they rest.
  const asked = useDelayed(JSON.stringify(settings));
  const question = { document, node, initiator, chosen, data: dataOf(document, sample) };
  const { data, error, isFetching } = useQuery({
    enabled: initiator !== "",
    queryKey: ["who", node, asked, initiator, at, chosen, document.sample],
    queryFn: ({ signal }) => {
      const moment = momentOf(at);
      return askWho({ ...question, ...(moment ? { at: moment } : {}) }, signal);
    },
    placeholderData: (before) => before,
    staleTime: 0,
    retry: false,
  });
  return (
    <div className="hr-stack">
      <WhoFields
        initiator={initiator}
        known={user === null ? [] : [{ id: user.id, name: user.name }]}
        onInitiator={setInitiator}
        at={at}
        onAt={setAt}
        choices={choices}
        chosen={chosen}
        onChosen={setChosen}
      />
      <Button type="link" size="small" className="hr-who-sample" onClick={() => select({})}>
        {t("who.sample")}
      </Button>
      <div aria-live="polite" aria-busy={isFetching}>
        {data !== undefined && error === null && <WhoResult answer={data} />}
        {error !== null && (
          <p className="hr-who-incident" role="alert">
            {errorText(error)}
          </p>
        )}
      </div>
    </div>
  );
}

function dataOf(document: FlowDocument, sample: Readonly<Record<string, unknown>>) {
  const { instance: _, now: __, ...data } = sample;
  return { ...data, ...(document.sample ?? {}) };
}
