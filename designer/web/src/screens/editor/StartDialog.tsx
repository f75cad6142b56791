// Start a real case of the published version, then look at it.

import { useQuery } from "@tanstack/react-query";
import { Alert, Button, Modal } from "antd";
import { Suspense, useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { ApiError, api, type Problem } from "../../api/client";
import { type Chosen, choicesOf, unanswered, withChosen } from "../../directory/choices";
import type { FlowDocument } from "../../editor/document";
import { useErrorText } from "../../ui/errorText";
import { SchemaForm } from "../../ui/form/SchemaForm";
import { lazy } from "../../ui/lazy";
import { Loading } from "../../ui/page";

const ChosenPeople = lazy(async () => ({
  default: (await import("../../directory/ChosenPeople")).ChosenPeople,
}));

interface StartDialogProps {
  flowKey: string;
  version: number | null;
  onClose: () => void;
}

export function StartDialog({ flowKey, version, onClose }: StartDialogProps) {
  const { t } = useTranslation("editor");
  const errorText = useErrorText();
  const navigate = useNavigate();
  const { data } = useQuery({
    queryKey: ["version", flowKey, version],
    queryFn: () => api.get<{ document: FlowDocument }>(`/api/flows/${flowKey}/versions/${version}`),
  });
  const [typed, setTyped] = useState<Record<string, unknown> | null>(null);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const [problems, setProblems] = useState<Problem[]>([]);
  const [chosen, setChosen] = useState<Chosen>({});
  const input = typed ?? data?.document.sample ?? {};
  const choices = choicesOf(data?.document.nodes ?? []);

  const start = async () => {
    setBusy(true);
    setError(null);
    setProblems([]);
    try {
      const { id } = await api.post<{ id: string }>(`/api/flows/${flowKey}/instances`, {
        input: withChosen(input, choices, chosen),
      });
      navigate(`/instances/${id}`);
    } catch (caught) {
      setError(caught);
      if (caught instanceof ApiError) setProblems(caught.problems.map(insideInput));
      setBusy(false);
    }
  };
  return (
    <Modal
      open
      title={t("start.title")}
      onCancel={onClose}
      footer={[
        <Button key="cancel" onClick={onClose}>
          {t("action.cancel")}
        </Button>,
        <Button
          key="start"
          type="primary"
          loading={busy}
          disabled={unanswered(choices, chosen) !== undefined}
          onClick={() => void start()}
          data-testid="btn-start-confirm"
        >
          {t("start.confirm")}
        </Button>,
      ]}
    >
      <div className="hr-dialog" data-testid="start-dialog">
        <p className="hr-muted-text">{t("start.text", { version })}</p>
        {data === undefined ? (
          <Loading rows={3} />
        ) : (
          <SchemaForm
            schema={data.document.input ?? {}}
            value={input}
            onChange={setTyped}
            problems={problems}
            path=""
          />
        )}
        {data !== undefined && choices.length > 0 && (
          <Suspense fallback={<Loading rows={2} />}>
            <ChosenPeople
              document={data.document}
              choices={choices}
              value={chosen}
              onChange={setChosen}
            />
          </Suspense>
        )}
        {error !== null && <Alert type="error" showIcon title={errorText(error)} />}
      </div>
    </Modal>
  );
}

/** The server says `/input/amount`, the form calls it `/amount`. */
function insideInput(problem: Problem): Problem {
  return { ...problem, path: problem.path.replace(/^\/?input(?=\/)/, "") };
}
