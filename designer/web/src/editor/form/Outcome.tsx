// What an expression gives with the sample, or what is wrong with it, asked of the server while one types.

import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { ApiError, api } from "../../api/client";
import { problemText, type Told } from "../../ui/errorText";
import { shortSample } from "../variables";

const QUIET_MS = 400;

interface Checked {
  ok: boolean;
  value?: unknown;
  error?: Told & { at?: number };
}

interface OutcomeProps {
  kind: "expression" | "template" | "condition";
  source: unknown;
  sample: Readonly<Record<string, unknown>>;
  /** There are no sample data yet for what it uses. */
  untried: boolean;
  testId: string;
}

export function Outcome({ kind, source, sample, untried, testId }: OutcomeProps) {
  const { t } = useTranslation(["editor", "errors"]);
  const checked = useChecked(kind, source, sample);
  if (checked === null) return null;
  if (checked.ok) {
    if (checked.value === undefined || checked.value === source) return null;
    return (
      <p className="hr-outcome" data-testid={testId} title={JSON.stringify(checked.value)}>
        <span aria-hidden>=</span> {valueWords(checked.value, t("sentence.yes"), t("sentence.no"))}
      </p>
    );
  }
  if (untried) {
    return (
      <p className="hr-outcome" data-testid={testId}>
        {t("field.no_sample")}
      </p>
    );
  }
  return (
    <p className="hr-outcome" data-wrong data-testid={testId}>
      {problemText(t, checked.error ?? {})}
    </p>
  );
}

function useChecked(kind: OutcomeProps["kind"], source: unknown, sample: OutcomeProps["sample"]) {
  const [checked, setChecked] = useState<Checked | null>(null);
  const asked = JSON.stringify([kind, source, sample]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: `asked` holds all three by value
  useEffect(() => {
    setChecked(null);
    const plain = kind === "template" && typeof source === "string" && !source.includes("{");
    if (source === "" || source === undefined || plain) return;
    const abort = new AbortController();
    const timer = setTimeout(async () => {
      try {
        const body = { kind, [kind]: source, sample };
        const answer = await api.post<Checked>("/api/expressions/check", body, {
          signal: abort.signal,
        });
        setChecked(answer);
      } catch (error) {
        const wrong = error instanceof ApiError && error.status === 422;
        setChecked(wrong ? { ok: false, error: error as Told } : null);
      }
    }, QUIET_MS);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [asked]);
  return checked;
}

function valueWords(value: unknown, yes: string, no: string): string {
  if (value === true) return yes;
  if (value === false) return no;
  return value === null ? "–" : shortSample(value);
}
