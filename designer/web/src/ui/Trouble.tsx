// Why something did not work, in place: the error, and the problems that have no field of their own to stand at.

import { ExclamationCircleOutlined } from "@ant-design/icons";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { problemText, useErrorText } from "./errorText";
import "./Trouble.css";

interface TroubleProblem {
  path?: string;
  code?: string;
  message?: string;
  params?: Record<string, unknown>;
}

interface TroubleProps {
  error: unknown;
  /** Names of fields that show their own problems. */
  known?: string[];
  title?: string;
  testId?: string;
  /** A way on. */
  children?: ReactNode;
}

export function Trouble({ error, known = [], title, testId, children }: TroubleProps) {
  const { t } = useTranslation(["app", "errors"]);
  const textOf = useErrorText();
  const all = (error as { problems?: TroubleProblem[] } | null)?.problems ?? [];
  const problems = all.filter(({ path }) => !known.includes(path?.split("/")[1] ?? ""));
  return (
    <div className="hr-trouble" role="alert" data-testid={testId ?? "trouble"}>
      <ExclamationCircleOutlined aria-hidden />
      <div>
        <strong>{title ?? textOf(error)}</strong>
        {title !== undefined && problems.length === 0 && <p>{textOf(error)}</p>}
        {problems.length > 0 && (
          <ul>
            {problems.map((problem) => (
              <li key={`${problem.path} ${problem.code} ${problem.message}`}>
                {problem.path && <code>{problem.path}</code>} {problemText(t, problem)}
              </li>
            ))}
          </ul>
        )}
        {children}
      </div>
    </div>
  );
}
