// A setting drawn by an editor of its own, in the frame of all the others: problems find their way to it.

import type { ReactNode } from "react";
import { useForm } from "../form/context";
import { useProblemWords } from "../problemWords";

interface PartProps {
  path: string;
  title: string;
  help?: string;
  /** The title is said elsewhere already. */
  quiet?: boolean;
  children: ReactNode;
}

export function Part({ path, title, help, quiet = false, children }: PartProps) {
  const { problems } = useForm();
  const problemWords = useProblemWords();
  const own = problems.filter((each) => each.path === path || each.path.startsWith(`${path}/`));
  return (
    <fieldset
      className="hr-setting"
      data-path={path}
      data-wrong={own.some(({ severity }) => severity !== "warning") || undefined}
    >
      <legend className={quiet ? "hr-hidden" : undefined}>{title}</legend>
      {children}
      {own.map((problem) => (
        <p
          key={`${problem.path}${problem.code}${problem.message}`}
          className="hr-setting-problem"
          data-severity={problem.severity ?? "error"}
          role="alert"
        >
          {problemWords(problem)}
        </p>
      ))}
      {help !== undefined && <p className="hr-setting-help">{help}</p>}
    </fieldset>
  );
}
