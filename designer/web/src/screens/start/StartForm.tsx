// The form of a flow's published version, and what became of it after sending.

import { CheckCircleOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Button } from "antd";
import type { TFunction } from "i18next";
import { type FormEvent, Suspense, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { api } from "../../api/client";
import { useMay } from "../../api/session";
import type { Flow, FlowDocument } from "../../api/types";
import { type Chosen, choicesOf, unanswered, withChosen } from "../../directory/choices";
import { FormView } from "../../forms/FormView";
import { readyToSend, type ShownForm } from "../../forms/form";
import { useOnTheWay } from "../../forms/onTheWay";
import { useFormDraft } from "../../forms/useFormDraft";
import { problemText } from "../../ui/errorText";
import type { JsonObject } from "../../ui/form/kinds";
import { showFirstProblem } from "../../ui/form/showFirstProblem";
import { problemsOf } from "../../ui/form/useForm";
import type { FormProblem } from "../../ui/form/validate";
import { remaining } from "../../ui/form/validate";
import { lazy } from "../../ui/lazy";
import { Card, EmptyState, ErrorState, Loading, PageBody, PageHeader } from "../../ui/page";
import { Trouble } from "../../ui/Trouble";
import { useText } from "../../ui/text";

const PEOPLE_MAX = 50; // as many as the server takes

const ChosenPeople = lazy(async () => ({
  default: (await import("../../directory/ChosenPeople")).ChosenPeople,
}));

interface Started {
  id: string;
  duplicate: boolean;
}

export function StartForm({ flowKey }: { flowKey: string }) {
  const { t } = useTranslation("flows");
  const { text } = useText();
  const { data: document, error, refetch } = usePublished(flowKey);
  const [started, setStarted] = useState<Started | null>(null);
  return (
    <>
      <PageHeader
        back="/start"
        title={document ? text(document.name) : t("start.title")}
        {...(document?.description ? { subtitle: text(document.description) } : {})}
      />
      <PageBody>
        <div style={{ maxWidth: 680 }}>
          {document === undefined ? (
            error ? (
              <ErrorState error={error} onRetry={refetch} />
            ) : (
              <Loading rows={6} />
            )
          ) : started ? (
            <Done started={started} onAgain={() => setStarted(null)} />
          ) : (
            <Form document={document} onStarted={setStarted} />
          )}
        </div>
      </PageBody>
    </>
  );
}

/** The form people see is the published one; a newer draft is not theirs yet. */
function usePublished(key: string) {
  return useQuery({
    queryKey: ["flows", key, "published"],
    queryFn: async ({ signal }) => {
      const flow = await api.get<Flow>(`/api/flows/${key}`, { signal });
      if (flow.published_version === null) return flow.draft.document;
      const version = `/api/flows/${key}/versions/${flow.published_version}`;
      return (await api.get<{ document: FlowDocument }>(version, { signal })).document;
    },
  });
}

interface FormProps {
  document: FlowDocument;
  onStarted: (started: Started) => void;
}

/** A form of the flow that the start by hand asks with, and the key its value is kept under. */
function formOfStart(document: FlowDocument): { key: string; form: ShownForm } | null {
  const start = document.nodes?.find((node) => node.type === "start");
  const use = start?.settings?.["form"] as FormUse | undefined;
  const drawn = use && document.forms?.[use.use];
  if (!use || !drawn) return null;
  const rights = use.rights ?? {};
  const hidden = Object.keys(rights).filter((name) => rights[name] === "hidden");
  const schema = {
    ...drawn.schema,
    ...(use.others ? { "x-others": use.others } : {}),
    required: (drawn.schema.required ?? []).filter((name) => !hidden.includes(name)),
  };
  return { key: use.use, form: { schema, ui: drawn.ui ?? null, rights } };
}

interface FormUse {
  use: string;
  rights?: NonNullable<ShownForm["rights"]>;
  others?: "hidden" | "read" | "edit" | "required";
}

function Form({ document, onStarted }: FormProps) {
  const { t } = useTranslation("flows");
  const { t: tError } = useTranslation("errors");
  const own = useMemo(() => formOfStart(document), [document]);
  const plain = useMemo(() => ({ schema: document.input ?? {} }), [document]);
  const hasPlain = Object.keys(document.input?.properties ?? {}).length > 0;
  const input = useFormDraft(`start.${document.key}`, plain);
  const record = useFormDraft(`start.${document.key}.form`, own?.form ?? null);
  const choices = useMemo(() => choicesOf(document.nodes ?? []), [document]);
  const [chosen, setChosen] = useState<Chosen>({});
  const [problems, setProblems] = useState<FormProblem[]>([]);
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const sending = useOnTheWay(({ fields }) => fields.length > 0);
  const prefix = `/${own?.key ?? ""}`;
  const change = (draft: typeof input, place: string) => (next: JsonObject) => {
    setProblems(remaining(problems, within(place, draft.value), within(place, next)));
    draft.setValue(next);
  };
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (sending) return; // by Enter: the button waits until what was chosen has arrived
    const ready = readyToSend(plain, input.value);
    const filled = own === null ? null : readyToSend(own.form, record.value);
    const found = [
      ...ready.problems,
      ...(filled?.problems ?? []).map((each) => ({ ...each, path: prefix + each.path })),
      ...peopleMissing(choices, chosen),
    ];
    setError(null);
    setProblems(found);
    if (found.length > 0) return showFirstProblem();
    setBusy(true);
    try {
      const sent = {
        ...unasked(document, input.value),
        ...ready.value,
        ...(own && filled ? { [own.key]: filled.value } : {}),
      };
      const started = await api.post<Started>(`/api/flows/${document.key}/instances`, {
        input: withChosen(sent, choices, chosen),
      });
      input.forget();
      record.forget();
      onStarted(started);
    } catch (reason) {
      setError(reason);
      setProblems(problemsOf(reason, "/input"));
      showFirstProblem();
    } finally {
      setBusy(false);
    }
  };
  const known = [
    ...Object.keys(document.input?.properties ?? {}),
    "input",
    "chosen",
    own?.key ?? "input",
  ];
  return (
    <form onSubmit={submit} noValidate className="hr-stack">
      {hasPlain && (
        <Card>
          <FormView
            form={plain}
            value={input.value}
            onChange={change(input, "")}
            problems={problems}
            disabled={busy}
          />
        </Card>
      )}
      {own !== null && (
        <Card>
          <FormView
            form={own.form}
            value={record.value}
            onChange={change(record, prefix)}
            problems={problems
              .filter((each) => each.path.startsWith(`${prefix}/`))
              .map((each) => ({ ...each, path: each.path.slice(prefix.length) }))}
            disabled={busy}
          />
        </Card>
      )}
      {choices.length > 0 && (
        <Card title={t("start.choose")} testId="chosen-people">
          <Suspense fallback={<Loading rows={2} />}>
            <ChosenPeople
              document={document}
              choices={choices}
              value={chosen}
              onChange={(next) => {
                setChosen(next);
                setProblems(problems.filter((each) => !each.path.startsWith("/chosen")));
              }}
              problems={chosenProblems(problems, tError)}
            />
          </Suspense>
        </Card>
      )}
      {!hasPlain && own === null && choices.length === 0 && (
        <Card>
          <p className="hr-muted">{t("start.nothing_asked")}</p>
        </Card>
      )}
      {error !== null && <Trouble error={error} known={known} />}
      <div className="hr-row">
        <Button
          type="primary"
          size="large"
          htmlType="submit"
          loading={busy}
          disabled={sending}
          data-testid="btn-start"
        >
          {t("start.send")}
        </Button>
        {document.sample && (
          <Button
            size="large"
            onClick={() => {
              input.setValue(document.sample ?? {});
              const sample = own ? document.sample?.[own.key] : undefined;
              if (sample) record.setValue(sample as JsonObject);
            }}
            data-testid="btn-sample"
          >
            {t("start.sample")}
          </Button>
        )}
      </div>
    </form>
  );
}

/** The first choice that is not made; the server would say the same. */
function peopleMissing(choices: ReturnType<typeof choicesOf>, chosen: Chosen): FormProblem[] {
  const choice = unanswered(choices, chosen);
  if (choice === undefined) return [];
  const params = {
    least: choice.least,
    most: choice.most ?? PEOPLE_MAX,
    found: chosen[choice.name]?.length ?? 0,
  };
  return [{ path: `/chosen/${choice.name}`, code: "people_chosen_wrong", params, message: "" }];
}

function chosenProblems(problems: FormProblem[], t: TFunction): Record<string, string> {
  return Object.fromEntries(
    problems.flatMap((each) => {
      const name = /^\/chosen\/([^/]+)$/.exec(each.path)?.[1];
      return name === undefined ? [] : [[name, problemText(t, each)]];
    }),
  );
}

/** What a sample holds besides the fields of the form. */
function unasked(document: FlowDocument, value: JsonObject): JsonObject {
  const asked = document.input?.properties ?? {};
  return Object.fromEntries(Object.entries(value).filter(([name]) => asked[name] === undefined));
}

/** The value as it stands in the whole: `/refund` puts a form's value under its key. */
function within(place: string, value: JsonObject): JsonObject {
  return place === "" ? value : { [place.slice(1)]: value };
}

function Done({ started, onAgain }: { started: Started; onAgain: () => void }) {
  const { t } = useTranslation("flows");
  const may = useMay();
  const address = may("instances:read") ? `/instances/${started.id}` : "/tasks/started";
  return (
    <Card testId="started">
      <EmptyState
        icon={<CheckCircleOutlined />}
        title={t(started.duplicate ? "start.duplicate" : "start.done")}
        text={t(started.duplicate ? "start.duplicate_text" : "start.done_text")}
        action={
          <div className="hr-row">
            <Link to={address} data-testid="link-started">
              <Button type="primary" tabIndex={-1}>
                {t("start.see")}
              </Button>
            </Link>
            <Button onClick={onAgain}>{t("start.again")}</Button>
          </div>
        }
      />
    </Card>
  );
}
