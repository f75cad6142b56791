// What I asked for was sent back to me: what I filled in at the start, to be put right and sent again.

import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api } from "../../api/client";
import type { JsonObject, JsonSchema } from "../../api/types";
import { ErrorState, Loading } from "../../ui/page";
import TaskForm, { type TaskFormProps } from "./TaskForm";

interface Asked {
  document: { input?: JsonSchema };
  variables: JsonObject;
}

type MendFormProps = Omit<TaskFormProps, "form" | "title">;

export default function MendForm(props: MendFormProps) {
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
