// The menu that asks what comes next: kinds of nodes to choose from, or whole steps as they are typed.

import { EnterOutlined } from "@ant-design/icons";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { addTyped } from "../actions";
import type { FlowNode, Position } from "../document";
import { NodeIcon } from "../icons";
import { matching, type Pick, PickMenu } from "../PickMenu";
import { nodeSentence, type Words } from "../sentence";
import { type MenuWish, useDocument, useEditor } from "../store";
import { readSteps } from "./read";
import type { TypedStep } from "./step";
import { suggested } from "./suggest";
import { useWorld } from "./useWorld";

interface StepMenuProps {
  title: string;
  at: Position;
  wish: MenuWish;
  picks: readonly Pick[];
  words: Words;
  onPick: (type: string) => void;
  onClose: () => void;
}

const TYPED = "typed:";

export function StepMenu(props: StepMenuProps) {
  const { wish, picks, words, onPick, onClose } = props;
  const { t } = useTranslation(["canvas", "editor"]);
  const document = useDocument();
  const types = useEditor((state) => state.types);
  const [typed, setTyped] = useState("");
  const near = nearOf(wish, (id) => document.edges.find((edge) => edge.id === id)?.from ?? null);
  const world = useWorld(document, types, near, typed);
  const ready = ["edge", "after", "free"].includes(wish.kind);

  const find = (search: string): readonly Pick[] => {
    const plain = matching(picks, search);
    if (!ready || search.trim() === "") return plain;
    const reading = readSteps(search, world);
    const chain = /->|→|=>|⇒/.test(search);
    const whole = "steps" in reading && said(reading.steps) ? [asPick(search, reading.steps)] : [];
    const others = suggested(search, world).flatMap(({ text }) => {
      const found = readSteps(text, world);
      return "steps" in found ? [asPick(text, found.steps)] : [];
    });
    const wrong =
      chain && "wrong" in reading && others.length === 0
        ? [
            {
              key: TYPED,
              title: t("canvas:typed.unknown", { phrase: reading.wrong }),
              disabled: t("canvas:typed.help"),
            },
          ]
        : [];
    // Kinds by their names, then sentences, then kinds that have the word in their explanation only.
    const [named, explained] = byName(plain, search);
    // A word that is a kind's whole name asks for one of that kind; a line to one that is there comes next.
    const word = search.trim().toLowerCase();
    const isKind = named.some(({ key, title }) => [key, title.toLowerCase()].includes(word));
    const [only, ...more] = "steps" in reading ? reading.steps : [];
    const leads = only !== undefined && "to" in only && more.length === 0;
    const first = isKind && leads ? [...named, ...whole] : [...whole, ...wrong, ...named];
    return [...first, ...others, ...explained];
  };

  function asPick(text: string, steps: readonly TypedStep[]): Pick {
    const names = steps.map((step) =>
      "to" in step ? `↪ ${words.text(step.title)}` : words.text(step.name),
    );
    const [first] = steps;
    const kind = first && !("to" in first) ? types.get(first.type) : undefined;
    const loading = steps.some((step) => "loading" in step && step.loading);
    const hints = steps.flatMap((step) => {
      if ("to" in step) return [];
      const node: FlowNode = { ...step, id: step.base, position: { x: 0, y: 0 } };
      return nodeSentence(node, types, words) || [];
    });
    return {
      key: `${TYPED}${text}`,
      title: names.join(" → "),
      hint: hints.join(" → "),
      group: t("canvas:typed.group"),
      icon: kind === undefined ? <EnterOutlined /> : <NodeIcon icon={kind.icon} type={kind.name} />,
      ...(kind === undefined ? {} : { colour: kind.group }),
      ...(loading ? { disabled: t("canvas:typed.loading") } : {}),
    };
  }

  return (
    <PickMenu
      key="what"
      title={props.title}
      at={props.at}
      testId="node-menu"
      {...(wish.kind === "after" ? { about: `${wish.node} ${wish.port ?? "out"}` } : {})}
      picks={picks}
      placeholder={ready ? t("canvas:typed.placeholder") : t("editor:action.search")}
      find={find}
      onSearch={setTyped}
      wide={ready && typed.length > 24}
      onPick={(key) => {
        if (!key.startsWith(TYPED)) return onPick(key);
        const reading = readSteps(key.slice(TYPED.length), world);
        if ("steps" in reading) addTyped(wish, reading.steps);
      }}
      onClose={onClose}
    />
  );
}

function byName(picks: readonly Pick[], search: string): [Pick[], Pick[]] {
  const word = search.trim().toLowerCase();
  const called = (pick: Pick) => `${pick.title} ${pick.key}`.toLowerCase().includes(word);
  return [picks.filter(called), picks.filter((pick) => !called(pick))];
}

/** A kind by its plain name is chosen from the list below, as ever. */
function said(steps: readonly TypedStep[]): boolean {
  const [only] = steps;
  if (steps.length > 1 || only === undefined) return true;
  return "to" in only || Object.keys(only.settings).length > 0;
}

function nearOf(wish: MenuWish, from: (edge: string) => string | null): string | null {
  if (wish.kind === "edge") return from(wish.edge);
  return wish.kind === "after" ? wish.node : null;
}
