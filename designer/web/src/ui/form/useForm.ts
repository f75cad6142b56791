// The life of a form: typed, checked, sent, refused by the server, corrected. `<SchemaForm {...form.fields} />` draws it.

import { type FormEvent, useState } from "react";
import type { JsonSchema } from "../../schema";
import { askedOnly, type JsonObject } from "./kinds";
import { showFirstProblem } from "./showFirstProblem";
import { type FormProblem, remaining, validateForm, withoutEmpty } from "./validate";

export interface FormOptions {
  schema: JsonSchema;
  start?: JsonObject;
  onSubmit: (value: JsonObject) => Promise<unknown>;
  /** The last touch before it is checked and sent. */
  prepare?: ((value: JsonObject) => JsonObject) | undefined;
  /** What the schema cannot say. */
  check?: ((value: JsonObject) => FormProblem[]) | undefined;
  /** What a 409 means here, in better words than the general ones. */
  conflict?: string | undefined;
  /** Where the form stands in what is sent: problems of the server begin with it. */
  prefix?: string;
}

export function useForm(options: FormOptions) {
  const { schema, start = {}, onSubmit, prepare, check, conflict, prefix = "" } = options;
  const [value, setValue] = useState(start);
  const [problems, setProblems] = useState<FormProblem[]>([]);
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);

  const onChange = (next: JsonObject) => {
    setProblems(remaining(problems, value, next));
    setValue(next);
  };
  const refuse = (found: FormProblem[]) => {
    setProblems(found);
    showFirstProblem();
  };
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const asked = askedOnly(schema, withoutEmpty(value)) as JsonObject;
    const filled = prepare ? prepare(asked) : asked;
    const found = [...validateForm(schema, filled), ...(check?.(filled) ?? [])];
    setError(null);
    if (found.length > 0) return refuse(found);
    setProblems([]);
    setBusy(true);
    try {
      await onSubmit(filled);
    } catch (reason) {
      const taken = (reason as { status?: number }).status === 409 && conflict;
      setError(taken || reason);
      refuse(problemsOf(reason, prefix));
    } finally {
      setBusy(false);
    }
  };
  const names = Object.keys(schema.properties ?? {});
  return {
    value,
    setValue: onChange,
    error,
    busy,
    changed: JSON.stringify(value) !== JSON.stringify(start),
    submit,
    fields: { schema, value, onChange, problems, disabled: busy },
    /** Names whose problems stand at the field; `<Trouble known>` leaves them out. */
    known: prefix ? [...names, prefix.slice(1)] : names,
  };
}

/** What the server found, with paths that begin at the form. */
export function problemsOf(error: unknown, prefix = ""): FormProblem[] {
  const problems = (error as { problems?: FormProblem[] } | null)?.problems;
  if (!Array.isArray(problems)) return [];
  return problems.map((problem) =>
    prefix && problem.path.startsWith(`${prefix}/`)
      ? { ...problem, path: problem.path.slice(prefix.length) }
      : problem,
  );
}
