// "Who would get this?" for a whole flow: each of its steps for people, at a moment, started by somebody.

import { ApartmentOutlined, WarningOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useSearchParams } from "react-router";
import { api, query } from "../../api/client";
import { useList } from "../../api/list";
import { useSession } from "../../api/session";
import type { FlowDocument, FlowSummary, Text } from "../../api/types";
import { WhoFields } from "../../directory/WhoFields";
import { WhoResult } from "../../directory/WhoResult";
import { askWho, momentOf, type WhoAnswer } from "../../directory/who";
import { problemText } from "../../ui/errorText";
import { SchemaForm } from "../../ui/form/SchemaForm";
import { Card, EmptyState, ErrorState, Loading } from "../../ui/page";
import { useText } from "../../ui/text";
import { useDelayed } from "../../ui/useDelayed";
import { Line } from "./Dialog";
import { Frame } from "./Frame";

interface Item extends WhoAnswer {
  node: string;
  name: Text | string;
}

export default function Who() {
  const { t } = useTranslation("organisation");
  const { text } = useText();
  const user = useSession((state) => state.user);
  const [params, setParams] = useSearchParams();
  const flow = params.get("flow") ?? "";
  const [initiator, setInitiator] = useState(user?.id ?? "");
  const [at, setAt] = useState("");
  const flows = useList<FlowSummary>("/api/flows", { limit: 200 });
  const published = flows.rows?.filter((each) => each.published_version !== null) ?? [];
  const moment = momentOf(at);
  return (
    <Frame part="who">
      <p className="hr-muted hr-org-intro">{t("who.intro")}</p>
      <div className="hr-org-columns hr-org-who">
        <Card>
          <div className="hr-stack">
            <Line label={t("who.flow")}>
              <select
                value={flow}
                onChange={(event) =>
                  setParams(event.target.value ? { flow: event.target.value } : {}, {
                    replace: true,
                  })
                }
                data-testid="who-flow"
              >
                <option value="">{t("who.choose_flow")}</option>
                {published.map((each) => (
                  <option key={each.key} value={each.key}>
                    {text(each.name) || each.key}
                  </option>
                ))}
              </select>
            </Line>
            <WhoFields
              initiator={initiator}
              known={user === null ? [] : [{ id: user.id, name: user.name }]}
              onInitiator={setInitiator}
              at={at}
              onAt={setAt}
              choices={[]}
              chosen={{}}
              onChosen={() => undefined}
            />
          </div>
        </Card>
        {flow === "" || initiator === "" ? (
          <Card>
            <EmptyState
              icon={<ApartmentOutlined />}
              title={t("who.choose_first")}
              text={t("who.choose_first_text")}
            />
          </Card>
        ) : (
          <Answers key={flow} flow={flow} initiator={initiator} moment={moment} />
        )}
      </div>
    </Frame>
  );
}

interface AnswersProps {
  flow: string;
  initiator: string;
  moment: string | undefined;
}

function Answers({ flow, initiator, moment }: AnswersProps) {
  const { t } = useTranslation(["organisation", "errors"]);
  const { text } = useText();
  const [open, setOpen] = useState<string | null>(null);
  const said = ({ name, on_behalf_of: owner }: WhoAnswer["people"][number]) =>
    owner ? `${name} (${t("who.for", { name: owner.name })})` : name;
  const { data, error, refetch } = useQuery({
    queryKey: ["who", "flow", flow, initiator, moment],
    queryFn: ({ signal }) =>
      api.get<{ items: Item[] }>(
        `/api/flows/${flow}/who${query({ initiator, at: moment ?? null })}`,
        { signal },
      ),
    placeholderData: (before) => before,
    retry: false,
  });
  if (data === undefined) {
    return error ? (
      <ErrorState error={error} onRetry={() => void refetch()} />
    ) : (
      <Loading rows={5} tall />
    );
  }
  if (data.items.length === 0) {
    return (
      <Card>
        <EmptyState title={t("who.no_nodes")} />
      </Card>
    );
  }
  return (
    <ol className="hr-org-answers" data-testid="who-answers">
      {data.items.map((item) => {
        const { incident } = item;
        return (
          <li key={item.node}>
            <details
              className="hr-card"
              open={open === item.node}
              onToggle={(event) => {
                if (event.currentTarget.open) setOpen(item.node);
                else if (open === item.node) setOpen(null);
              }}
              data-testid={`who-node-${item.node}`}
            >
              <summary>
                <strong>{text(item.name) || item.node}</strong>
                <span className={incident ? "hr-tone-error" : ""}>
                  {incident && <WarningOutlined aria-hidden />}{" "}
                  {item.people.map(said).join(t("comma")) ||
                    (incident
                      ? incident.text
                        ? text(incident.text)
                        : problemText(t, incident)
                      : t("who.nobody"))}
                </span>
              </summary>
              {open === item.node && (
                <WithData item={item} flow={flow} initiator={initiator} moment={moment} />
              )}
            </details>
          </li>
        );
      })}
    </ol>
  );
}

/** The same step with data of one's own. */
function WithData({ item, flow, initiator, moment }: AnswersProps & { item: Item }) {
  const { t } = useTranslation("organisation");
  const [data, setData] = useState<Record<string, unknown> | null>(null);
  const document = useQuery({
    queryKey: ["flows", flow, "in-force"],
    queryFn: async ({ signal }) => {
      const found = await api.get<{ published_version: number }>(`/api/flows/${flow}`, { signal });
      const version = `/api/flows/${flow}/versions/${found.published_version}`;
      return (await api.get<{ document: FlowDocument }>(version, { signal })).document;
    },
  }).data;
  const asked = useDelayed(data);
  const answer = useQuery({
    enabled: asked !== null,
    queryKey: ["who", "node", flow, item.node, initiator, moment, asked],
    queryFn: ({ signal }) =>
      askWho(
        { flow, node: item.node, initiator, data: asked ?? {}, ...(moment ? { at: moment } : {}) },
        signal,
      ),
    placeholderData: (before) => before,
    retry: false,
  });
  const hasInput = Object.keys(document?.input?.properties ?? {}).length > 0;
  return (
    <div className="hr-stack hr-org-answer">
      <WhoResult answer={asked === null ? item : (answer.data ?? item)} />
      {answer.error !== null && <ErrorState error={answer.error} />}
      {document !== undefined && hasInput && (
        <details>
          <summary className="hr-muted">{t("who.details")}</summary>
          <div className="hr-org-answer">
            <SchemaForm
              schema={document.input}
              value={data ?? document.sample ?? {}}
              onChange={setData}
              path=""
            />
          </div>
        </details>
      )}
    </div>
  );
}
