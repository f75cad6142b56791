// Whom the initiator chooses before a flow starts; only those the drawing allows.

import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { useSession } from "../api/session";
import { PeoplePicker } from "../people/PeoplePicker";
import { useText } from "../ui/text";
import type { Choice, Chosen } from "./choices";
import { askWho } from "./who";

interface ChosenPeopleProps {
  /** The drawing: who may be chosen is asked of it. */
  document: { nodes: readonly { id: string; settings: Record<string, unknown> }[] };
  choices: readonly Choice[];
  value: Chosen;
  onChange: (chosen: Chosen) => void;
  /** What the server or the form found wrong, by name. */
  problems?: Record<string, string>;
}

export function ChosenPeople({ document, choices, value, onChange, problems }: ChosenPeopleProps) {
  return (
    <div className="hr-stack">
      {choices.map((choice) => (
        <OneChoice
          key={choice.name}
          document={document}
          choice={choice}
          value={value[choice.name] ?? []}
          problem={problems?.[choice.name]}
          onChange={(ids) => onChange({ ...value, [choice.name]: ids })}
        />
      ))}
    </div>
  );
}

interface OneChoiceProps {
  document: ChosenPeopleProps["document"];
  choice: Choice;
  value: string[];
  problem: string | undefined;
  onChange: (ids: string[]) => void;
}

function OneChoice({ document, choice, value, problem, onChange }: OneChoiceProps) {
  const { t } = useTranslation("organisation");
  const { text } = useText();
  const me = useSession((state) => state.user?.id ?? "");
  const { least, most, among } = choice;
  const allowed = useQuery({
    enabled: among.length > 0,
    queryKey: ["who", "among", choice.node, among],
    queryFn: ({ signal }) => {
      const nodes = document.nodes.map((node) =>
        node.id === choice.node
          ? { ...node, settings: { ...node.settings, assignees: among, mode: "all" } }
          : node,
      );
      const question = { document: { ...document, nodes }, node: choice.node, data: {} };
      return askWho({ ...question, initiator: me }, signal);
    },
  }).data?.people;
  const help =
    most === least
      ? t(least === 1 ? "chosen.one" : "chosen.exactly", { count: least })
      : most === null
        ? t("chosen.least", { count: least })
        : t("chosen.between", { least, most });
  return (
    <PeoplePicker
      label={t("chosen.title", { name: text(choice.title) || choice.name })}
      help={help}
      value={value}
      max={most ?? undefined}
      among={among.length > 0 ? (allowed ?? []).map(({ id, name }) => ({ id, name })) : undefined}
      problem={problem}
      required
      onChange={onChange}
      testId={`chosen-${choice.name}`}
    />
  );
}
