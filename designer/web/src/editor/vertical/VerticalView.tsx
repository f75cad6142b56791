// The vertical look of a flow, as people who draw approvals know it: cards below each other, branches side by side.

import { UndoOutlined } from "@ant-design/icons";
import {
  DndContext,
  type DragEndEvent,
  DragOverlay,
  MouseSensor,
  pointerWithin,
  TouchSensor,
  useSensor,
  useSensors,
} from "@dnd-kit/core";
import { Button } from "antd";
import { useEffect, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Marks, ProblemMark } from "../canvas/elements";
import { nodeOf } from "../document";
import { giveKeyboard } from "../giveKeyboard";
import type { Words } from "../sentence";
import { useDocument, useEditor } from "../store";
import { nameOf } from "../variables";
import { type Seen, SeenContext, useSeen } from "./context";
import { askBeside, copyStep, moveStep, moveStepTo, takeOutStep } from "./deeds";
import { type Gap, placeFor } from "./places";
import { PlaceHere, Step, Steps } from "./Steps";
import { blockOf, type Item, itemOf, type Misfit, readTree } from "./tree";
import "./vertical.css";

interface VerticalViewProps {
  words: Words;
  problems: ReadonlyMap<string, ProblemMark>;
  marks: Marks | null;
  narrow?: boolean;
  onOpenNode: (node: string, field?: string) => void;
  onCanvas: () => void;
}

export default function VerticalView(props: VerticalViewProps) {
  const { words, problems, marks, narrow = false, onOpenNode, onCanvas } = props;
  const { t } = useTranslation("editor");
  const document = useDocument();
  const types = useEditor((state) => state.types);
  const readOnly = useEditor((state) => state.readOnly);
  const { tree, misfits } = useMemo(() => readTree(document, types), [document, types]);
  const [dragged, setDragged] = useState<string | null>(null);
  useFocusRequest();
  useKeys(onOpenNode);
  useEffect(() => {
    useEditor.setState({ takeOut: takeOutStep });
    return () => useEditor.setState({ takeOut: null });
  }, []);
  const sensors = useSensors(
    useSensor(MouseSensor, { activationConstraint: { distance: 6 } }),
    useSensor(TouchSensor, { activationConstraint: { delay: 300, tolerance: 8 } }),
  );
  const seen = useMemo((): Seen | null => {
    if (tree === null) return null;
    const item = dragged === null ? undefined : itemOf(tree, dragged);
    const moving = item === undefined ? [] : blockOf(document, item).nodes;
    return {
      document,
      types,
      tree,
      words,
      problems,
      marks,
      editable: !readOnly,
      narrow,
      dragged: new Set(moving),
      onOpenNode,
    };
  }, [document, types, tree, words, problems, marks, readOnly, narrow, dragged, onOpenNode]);
  if (seen === null) return <Unfit misfits={misfits ?? []} words={words} onCanvas={onCanvas} />;
  const drop = ({ active, over }: DragEndEvent) => {
    setDragged(null);
    const place = over?.data.current as { place: Gap; after: string } | undefined;
    const node = active.data.current?.["node"] as string | undefined;
    if (place !== undefined && node !== undefined) moveStepTo(node, place.place);
  };
  const carried = nodeOf(document, dragged ?? "");
  return (
    <SeenContext.Provider value={seen}>
      <DndContext
        sensors={sensors}
        collisionDetection={pointerWithin}
        onDragStart={({ active }) => setDragged(active.data.current?.["node"] ?? null)}
        onDragCancel={() => setDragged(null)}
        onDragEnd={drop}
      >
        {/* biome-ignore lint/a11y/useKeyWithClickEvents: the background; Escape does the same */}
        {/* biome-ignore lint/a11y/noStaticElementInteractions: the background */}
        <div
          className="hr-v"
          data-narrow={narrow || undefined}
          data-dragging={dragged !== null || undefined}
          data-testid="vertical"
          onClick={(event) => {
            if (event.target === event.currentTarget) useEditor.getState().select({});
          }}
        >
          <section className="hr-v-flow" aria-label={t("vertical.flow")}>
            <Whole />
          </section>
          <Loose />
        </div>
        <DragOverlay dropAnimation={null}>
          {carried !== undefined && (
            <div className="hr-v-carried">{nameOf(carried, types, words.text)}</div>
          )}
        </DragOverlay>
      </DndContext>
    </SeenContext.Provider>
  );
}

function Whole() {
  const { tree } = useSeen();
  const lines = tree.starts.flatMap((start) => start.line ?? []);
  const place = placeFor(lines);
  return (
    <>
      <div className="hr-v-starts">
        {tree.starts.map((start) => (
          <Step key={start.node} item={start} />
        ))}
      </div>
      {place !== null && <PlaceHere place={place} after={tree.starts[0]?.node ?? ""} />}
      <Steps sequence={tree.root} />
    </>
  );
}

/** Steps no line leads to: to be put somewhere on the canvas, or deleted. */
function Loose() {
  const { t } = useTranslation("editor");
  const { tree } = useSeen();
  if (tree.loose.length === 0) return null;
  return (
    <section className="hr-v-loose" aria-label={t("vertical.loose")} data-testid="loose">
      <h2>{t("vertical.loose")}</h2>
      <p>{t("vertical.loose_help")}</p>
      {tree.loose.map((node) => (
        <Step key={node} item={looseItem(node)} />
      ))}
    </section>
  );
}

function looseItem(node: string): Item {
  return { node, kind: null, columns: [], join: null, line: null, sides: [] };
}

interface UnfitProps {
  misfits: readonly Misfit[];
  words: Words;
  onCanvas: () => void;
}

function Unfit({ misfits, words, onCanvas }: UnfitProps) {
  const { t } = useTranslation("editor");
  const document = useDocument();
  const types = useEditor((state) => state.types);
  const past = useEditor((state) => state.history.past.length);
  const readOnly = useEditor((state) => state.readOnly);
  const { goTo, undo } = useEditor.getState();
  return (
    <section className="hr-v-unfit" data-testid="unfit">
      <h2>{t("vertical.unfit_title")}</h2>
      <ul>
        {misfits.map(({ reason, nodes }) => (
          <li key={reason}>
            {t(`vertical.unfit_${reason}`)}{" "}
            {nodes.map((id) => {
              const node = nodeOf(document, id);
              return (
                <Button
                  key={id}
                  type="link"
                  size="small"
                  onClick={() => {
                    onCanvas();
                    setTimeout(() => goTo(id), 300);
                  }}
                >
                  {node === undefined ? id : nameOf(node, types, words.text)}
                </Button>
              );
            })}
          </li>
        ))}
      </ul>
      <p>{t("vertical.unfit_help")}</p>
      <div className="hr-quick">
        <Button type="primary" onClick={onCanvas} data-testid="btn-to-canvas">
          {t("vertical.to_canvas")}
        </Button>
        {past > 0 && !readOnly && (
          <Button icon={<UndoOutlined />} onClick={undo}>
            {t("vertical.undo")}
          </Button>
        )}
      </div>
    </section>
  );
}

const FOCUS_MS = 40;

/** Brings what was asked for into view and gives it the keyboard. */
function useFocusRequest(): void {
  const focus = useEditor((state) => state.focus);
  useEffect(() => {
    if (focus === null) return;
    return giveKeyboard(() => {
      const card = cardOf(focus.node);
      card?.scrollIntoView({ block: "nearest", inline: "nearest" });
      if (focus.field === undefined && !focus.inspector) card?.focus({ preventScroll: true });
      return card !== null;
    }, FOCUS_MS);
  }, [focus]);
}

function cardOf(node: string): HTMLElement | null {
  return window.document.querySelector(`.hr-v [data-card="${CSS.escape(node)}"]`);
}

/** The keys of the vertical look. They come before those of the canvas, which know nothing of cards. */
function useKeys(onOpenNode: (node: string, field?: string) => void): void {
  useEffect(() => {
    const down = (event: KeyboardEvent) => {
      const target = event.target as HTMLElement;
      if (event.defaultPrevented || event.isComposing) return;
      const { selection, readOnly, select } = useEditor.getState();
      const busy = window.document.querySelector(
        ".ant-modal-wrap:not([style*='display: none']), .hr-pick, .ant-dropdown:not(.ant-dropdown-hidden)",
      );
      const typing = target.closest(
        "input, textarea, select, [contenteditable=true], [role=combobox]",
      );
      if (busy !== null || typing !== null) return;
      const focused = target.closest<HTMLElement>("[data-card]")?.dataset["card"];
      const node = focused ?? selection.nodes[0];
      const arrow = event.key.startsWith("Arrow");
      const inside = target.closest(".hr-v, .hr-look") !== null || target === window.document.body;
      if (!inside) return;
      if (arrow && !event.altKey) {
        event.preventDefault();
        step(node, event.key);
        return;
      }
      if (node === undefined || readOnly) return;
      const command = event.ctrlKey || event.metaKey;
      const at = () => {
        const box = cardOf(node)?.getBoundingClientRect();
        return { x: (box?.left ?? 80) + 40, y: box?.bottom ?? 120 };
      };
      const key = event.key.toLowerCase();
      if (command && key === "d") copyStep(node);
      else if (command) return;
      else if (event.altKey && event.key === "ArrowUp") moveStep(node, -1);
      else if (event.altKey && event.key === "ArrowDown") moveStep(node, 1);
      else if (key === "a") askBeside(node, "after", at());
      else if (key === "i") askBeside(node, "before", at());
      else if (key === "delete" || key === "backspace") takeOutStep(node);
      else if (key === "f2") {
        select({ nodes: [node] });
        onOpenNode(node, "$name");
      } else if (!arrow) return;
      event.preventDefault();
    };
    window.document.addEventListener("keydown", down, { capture: true });
    return () => window.document.removeEventListener("keydown", down, { capture: true });
  }, [onOpenNode]);
}

/** Up and down through the cards as they are read; left and right from branch to branch. */
function step(node: string | undefined, key: string): void {
  const cards = [...window.document.querySelectorAll<HTMLElement>(".hr-v [data-card]")];
  const here = node === undefined ? null : cardOf(node);
  const go = (card: HTMLElement | null | undefined) => {
    if (!card) return;
    card.focus();
    useEditor.getState().select({ nodes: [card.dataset["card"] ?? ""] });
  };
  if (here === null) {
    go(cards[0]);
    return;
  }
  if (key === "ArrowUp" || key === "ArrowDown") {
    go(cards[cards.indexOf(here) + (key === "ArrowDown" ? 1 : -1)]);
    return;
  }
  for (
    let column = here.closest(".hr-v-column");
    column !== null;
    column = column.parentElement?.closest(".hr-v-column") ?? null
  ) {
    const next = key === "ArrowRight" ? column.nextElementSibling : column.previousElementSibling;
    const card = next?.querySelector<HTMLElement>("[data-card]");
    if (card) {
      go(card);
      return;
    }
  }
}
