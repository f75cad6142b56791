// The list of what is still wrong: a click leads there, a button mends it where that is obvious.

import { CheckCircleOutlined, ExclamationCircleOutlined, WarningOutlined } from "@ant-design/icons";
import { Button } from "antd";
import { useTranslation } from "react-i18next";
import type { Problem } from "../api/client";
import { nodeOf } from "./document";
import { fixFor, openProblem } from "./fixes";
import { isError } from "./problems";
import { useProblemWords } from "./problemWords";
import type { Words } from "./sentence";
import { useDocument, useEditor } from "./store";
import { nameOf } from "./variables";

export function Problems({ words }: { words: Words }) {
  const { t } = useTranslation("editor");
  const problems = useEditor((state) => state.problems);
  if (problems.length === 0) {
    return (
      <div className="hr-e-side-empty" data-testid="problems">
        <CheckCircleOutlined className="hr-tone-ok" />
        <p>{t("problems.none")}</p>
      </div>
    );
  }
  return (
    <ol className="hr-problems" data-testid="problems">
      {problems.map((problem, index) => (
        <Row
          key={`${problem.path} ${problem.code} ${problem.node ?? ""} ${problem.message}`}
          problem={problem}
          index={index}
          words={words}
        />
      ))}
    </ol>
  );
}

function Row({ problem, index, words }: { problem: Problem; index: number; words: Words }) {
  const { t } = useTranslation("editor");
  const problemWords = useProblemWords();
  const document = useDocument();
  const types = useEditor((state) => state.types);
  const readOnly = useEditor((state) => state.readOnly);
  const node = nodeOf(document, problem.node ?? "");
  const fix = readOnly ? null : fixFor(problem, document);
  return (
    <li className="hr-problem" data-severity={isError(problem) ? "error" : "warning"}>
      <button type="button" onClick={() => openProblem(problem)} data-testid={`problem-${index}`}>
        {isError(problem) ? (
          <ExclamationCircleOutlined aria-hidden />
        ) : (
          <WarningOutlined aria-hidden />
        )}
        <span>
          {node !== undefined && <strong>{nameOf(node, types, words.text)}</strong>}
          <span>{problemWords(problem)}</span>
        </span>
      </button>
      {fix !== null && (
        <Button size="small" onClick={fix.run} data-testid={`fix-${index}`}>
          {t(fix.labelKey)}
        </Button>
      )}
    </li>
  );
}
