// What I asked for was sent back to me: what I filled in at the start, to be put right and sent again.

import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { api } from "../../api/client";
import type { JsonObject, JsonSchema } from "../../api/types";
import type { FormProblem } from "../../ui/form/validate";
import { ErrorState, Loading } from "../../ui/page";
import TaskForm, { type FormHandle, type TaskFormProps } from "./TaskForm";
import type { TaskDetail } from "./task";

interface Asked {
  document: { input?: JsonSchema };
  variables: JsonObject;
}

type MendFormProps = Omit<TaskFormProps, "form" | "title">;

export default function MendForm(props: MendFormProps) {
  const { mend } = props.task;
  return mend ? <MendStart {...props} mend={mend} /> : <MendInputs {...props} />;
}

/** The start asked by a form of the flow: its value stands under the form's key. */
function MendStart(props: MendFormProps & { mend: NonNullable<TaskDetail["mend"]> }) {
  const { mend, handle, problems, onProblems, ...rest } = props;
  const { t } = useTranslation("tasks");
  const { key } = mend;
  const [form] = useState(mend.form); // what is being typed must not change under the hand
  const inner = useRef<FormHandle | null>(null);
  useEffect(() => {
    handle.current = {
      ready: (partly) => {
        const ready = inner.current?.ready(partly) ?? { value: {}, problems: [] };
        return { problems: moved(ready.problems, "", `/${key}`), value: { [key]: ready.value } };
      },
      forget: () => inner.current?.forget(),
    };
    return () => {
      handle.current = null;
    };
  }, [handle, key]);
  return (
    <TaskForm
      {...rest}
      form={form}
      title={t("mend")}
      handle={inner}
      problems={moved(problems, `/${key}`, "")}
      onProblems={(next) => onProblems(moved(next, "", `/${key}`))}
    />
  );
}

function moved(problems: FormProblem[], from: string, to: string): FormProblem[] {
  return problems.map((one) =>
    one.path.startsWith(from) ? { ...one, path: to + one.path.slice(from.length) } : one,
  );
}

function MendInputs(props: MendFormProps) {
  const { t } = useTranslation("tasks");
  const id = props.task.instance_id;
  const { data, error, refetch } = useQuery({
    queryKey: ["instance", id, "asked"],
    queryFn: ({ signal }) => api.get<Asked>(`/api/instances/${id}`, { signal }),
    staleTime: Number.POSITIVE_INFINITY, // what is being typed must not change under the hand
  });
  if (data === undefined) {
    return error ? <ErrorState error={error} onRetry={() => void refetch()} /> : <Loading />;
  }
  const schema = data.document.input ?? {};
  const names = Object.keys(schema.properties ?? {});
  if (names.length === 0) return null;
  const value = Object.fromEntries(
    names.flatMap((name) => (name in data.variables ? [[name, data.variables[name]]] : [])),
  );
  return <TaskForm {...props} form={{ schema, value }} title={t("mend")} />;
}
