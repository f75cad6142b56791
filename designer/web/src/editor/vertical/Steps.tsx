// Steps below each other, branches beside each other, and the places between them where something can be put in.

import {
  BranchesOutlined,
  CaretLeftOutlined,
  CaretRightOutlined,
  CopyOutlined,
  DeleteOutlined,
  DownOutlined,
  EllipsisOutlined,
  EnterOutlined,
  PlusOutlined,
  ShareAltOutlined,
  UpOutlined,
} from "@ant-design/icons";
import { useDraggable, useDroppable } from "@dnd-kit/core";
import { Button, Dropdown, type MenuProps } from "antd";
import { memo, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { askFor } from "../actions";
import type { Place } from "../blocks";
import { moveBranch } from "../commands/moveBranch";
import { nodeOf } from "../document";
import { NodeIcon } from "../icons";
import { branchSentence, exitTitle, joinSentence, nodeSentence } from "../sentence";
import { useEditor } from "../store";
import { nameOf } from "../variables";
import { useSeen } from "./context";
import { addWayTo, copyStep, moveStep, removeWay, takeOutStep } from "./deeds";
import { OthersAt } from "./OthersAt";
import { placeAfter, placeOn } from "./places";
import { type Exit, type Item, itemsIn, linesAfter, type Sequence, type Way } from "./tree";

export function Steps({ sequence }: { sequence: Sequence }) {
  return (
    <>
      {sequence.items.map((item, index) => {
        const last = index === sequence.items.length - 1;
        const place = last && sequence.exit.kind === "end" ? null : placeAfter(item);
        return (
          <div key={item.node} className="hr-v-item">
            <Step item={item} />
            {item.kind !== null && <Block item={item} />}
            {item.join !== null && <Meeting item={item} />}
            {place !== null && <PlaceHere place={place} after={item.join ?? item.node} />}
          </div>
        );
      })}
      <Leads exit={sequence.exit} />
    </>
  );
}

function useName() {
  const { document, types, words } = useSeen();
  return (id: string) => {
    const node = nodeOf(document, id);
    return node === undefined ? id : nameOf(node, types, words.text);
  };
}

// --- places ---

export function PlaceHere({
  place,
  after,
  title,
}: {
  place: Place;
  after: string;
  title?: string;
}) {
  const { t } = useTranslation("editor");
  const { editable, dragged } = useSeen();
  const name = useName();
  const id = "edges" in place ? place.edges.join() : `${place.node}.${place.port}`;
  const { setNodeRef, isOver } = useDroppable({ id, data: { place, after } });
  const dragging = dragged.size > 0;
  const label =
    title === undefined
      ? t("vertical.add_here", { name: name(after) })
      : t("vertical.add_first", { name: title });
  return (
    <div className="hr-v-gap" ref={setNodeRef} data-over={(dragging && isOver) || undefined}>
      {editable && (
        <button
          type="button"
          className="hr-v-plus"
          aria-label={label}
          title={label}
          onClick={(event) => {
            const box = event.currentTarget.getBoundingClientRect();
            useEditor.getState().openMenu({
              wish: { kind: "place", place, node: after },
              at: { x: box.right + 8, y: box.top - 20 },
            });
          }}
          data-testid={`plus-${title === undefined ? after : `${after}-${"node" in place ? place.port : title}`}`}
        >
          <PlusOutlined />
        </button>
      )}
      {dragging && <span className="hr-v-drop">{t("vertical.drop_here")}</span>}
    </div>
  );
}

function Leads({ exit }: { exit: Exit }) {
  const { t } = useTranslation("editor");
  const { goTo } = useEditor.getState();
  const name = useName();
  if (exit.kind === "open") return <span className="hr-v-open">{t("vertical.not_connected")}</span>;
  if (exit.kind !== "jump") return null;
  return (
    <button type="button" className="hr-v-jump" onClick={() => goTo(exit.to)}>
      <EnterOutlined aria-hidden />
      {t("vertical.goes_on", { name: name(exit.to) })}
    </button>
  );
}

// --- a step ---

export const Step = memo(function Step({ item }: { item: Item }) {
  const { t } = useTranslation("editor");
  const { document, types, words, problems, marks, editable, dragged, onOpenNode, tree } =
    useSeen();
  const selected = useEditor((state) => state.selection.nodes.includes(item.node));
  const { select } = useEditor.getState();
  const node = nodeOf(document, item.node);
  const type = types.get(node?.type ?? "");
  const movable = editable && !type?.starts && !type?.ends && linesAfter(item).length > 0;
  const { setNodeRef, attributes, listeners } = useDraggable({
    id: `step ${item.node}`,
    disabled: !movable,
    data: { node: item.node },
  });
  if (node === undefined) return null;
  const title = nameOf(node, types, words.text);
  const kind = words.text(type?.title) || node.type;
  const summary = nodeSentence(node, types, words) || kind;
  const problem = problems.get(node.id);
  const mark = marks?.nodes.get(node.id);
  const wrong = problem ? t("vertical.with_problems", { count: problem.messages.length }) : "";
  const told =
    mark === undefined ? "" : t(`run_status.${mark.status}`, { defaultValue: mark.status });
  const isStart = tree.starts.includes(item);
  const deeds: MenuProps["items"] = [
    ...(movable
      ? [
          { key: "copy", icon: <CopyOutlined />, label: t("vertical.copy") },
          { key: "up", icon: <UpOutlined />, label: t("vertical.up") },
          { key: "down", icon: <DownOutlined />, label: t("vertical.down") },
        ]
      : []),
    ...(type?.ends
      ? []
      : [{ key: "exits", icon: <ShareAltOutlined />, label: t("vertical.add_exit") }]),
    {
      key: "delete",
      danger: true,
      icon: <DeleteOutlined />,
      label: t(item.columns.length > 0 ? "vertical.delete_all" : "vertical.delete"),
    },
  ];
  const act = (key: string) => {
    if (key === "copy") copyStep(node.id);
    if (key === "up") moveStep(node.id, -1);
    if (key === "down") moveStep(node.id, 1);
    if (key === "delete") takeOutStep(node.id);
    if (key === "exits") {
      select({ nodes: [node.id] });
      askFor("connect", centreOf(node.id));
    }
  };
  return (
    <article
      className="hr-v-card"
      ref={setNodeRef}
      data-group={type?.group ?? "control"}
      data-selected={selected || undefined}
      data-dragged={dragged.has(node.id) || undefined}
      data-status={mark?.status}
      data-faded={(marks !== null && mark === undefined) || undefined}
      data-testid={`card-${node.id}`}
      {...(movable ? listeners : {})}
    >
      <button
        type="button"
        className="hr-v-card-main"
        data-card={node.id}
        aria-description={[kind === summary ? "" : kind, wrong].filter(Boolean).join(", ")}
        aria-current={selected || undefined}
        {...(movable ? { "aria-roledescription": attributes["aria-roledescription"] } : {})}
        onClick={() => {
          select({ nodes: [node.id] });
          onOpenNode(node.id);
        }}
      >
        <span className="hr-v-head">
          <NodeIcon icon={type?.icon} type={node.type} />
          <span className="hr-v-title">{title}</span>
        </span>{" "}
        <span className="hr-v-summary">{summary}</span>{" "}
        {mark !== undefined && (
          <span className="hr-v-mark" data-status={mark.status}>
            {told}
          </span>
        )}
      </button>
      {problem !== undefined && (
        <span
          className="hr-v-problem"
          data-severity={problem.severity}
          title={problem.messages.join("\n")}
          role="img"
          aria-label={problem.messages.join("; ")}
          data-testid={`card-problem-${node.id}`}
        >
          !
        </span>
      )}
      {editable && !isStart && (
        <Dropdown trigger={["click"]} menu={{ items: deeds, onClick: ({ key }) => act(key) }}>
          <Button
            type="text"
            size="small"
            className="hr-v-more"
            icon={<EllipsisOutlined />}
            aria-label={t("vertical.actions", { name: title })}
            data-testid={`card-more-${node.id}`}
          />
        </Dropdown>
      )}
      {item.sides.map((side) => (
        <Beside key={side.line.port} item={item} side={side} />
      ))}
      <OthersAt node={node.id} />
    </article>
  );
});

function centreOf(node: string) {
  const box = window.document
    .querySelector(`[data-card="${CSS.escape(node)}"]`)
    ?.getBoundingClientRect();
  return box === undefined ? { x: 80, y: 120 } : { x: box.left + 40, y: box.bottom };
}

/** Another exit of a step: what it is called, and where it leads. */
function Beside({ item, side }: { item: Item; side: Way }) {
  const { t } = useTranslation("editor");
  const { document, types, words, editable } = useSeen();
  const { goTo, openMenu } = useEditor.getState();
  const name = useName();
  const node = nodeOf(document, item.node);
  if (node === undefined) return null;
  const title = exitTitle(node, side.line.port, types, words);
  const { items, exit } = side.steps;
  const [first] = items;
  const toEnd = items.length === 1 && first !== undefined && exit.kind === "end";
  const goal = toEnd ? first.node : items.length === 0 && exit.kind === "jump" ? exit.to : null;
  const testId = `side-${item.node}-${side.line.port}`;
  return (
    <section
      className="hr-v-side"
      aria-label={title}
      data-port={side.line.port}
      data-testid={testId}
    >
      <div className="hr-v-side-line">
        <span className="hr-v-side-title">{title}</span>
        {goal !== null && (
          <button
            type="button"
            className="hr-v-side-goal"
            data-card={toEnd ? goal : undefined}
            onClick={() => goTo(goal)}
          >
            → {name(goal)}
          </button>
        )}
        {goal === null && items.length === 0 && (
          <span className="hr-v-open">{t("vertical.not_connected")}</span>
        )}
        {editable && (
          <span className="hr-v-side-tools">
            <Button
              type="text"
              size="small"
              icon={<PlusOutlined />}
              aria-label={t("vertical.add_first", { name: title })}
              title={t("vertical.add_first", { name: title })}
              onClick={(event) =>
                openMenu({
                  wish: { kind: "place", place: placeOn(side), node: item.node },
                  at: { x: event.clientX, y: event.clientY },
                })
              }
              data-testid={`plus-${item.node}-${side.line.port}`}
            />
            <Button
              type="text"
              size="small"
              icon={<ShareAltOutlined />}
              aria-label={t("vertical.lead", { name: title })}
              title={t("vertical.lead", { name: title })}
              onClick={(event) =>
                openMenu({
                  wish: { kind: "connect", node: item.node, port: side.line.port },
                  at: { x: event.clientX, y: event.clientY },
                })
              }
              data-testid={`lead-${item.node}-${side.line.port}`}
            />
          </span>
        )}
      </div>
      {goal === null && items.length > 0 && (
        <details className="hr-v-side-steps" open>
          <summary>{t("vertical.fold")}</summary>
          <Steps sequence={side.steps} />
        </details>
      )}
    </section>
  );
}

// --- branches ---

function Block({ item }: { item: Item }) {
  const { t } = useTranslation("editor");
  const { editable, narrow } = useSeen();
  const [active, setActive] = useState(0);
  const focus = useEditor((state) => state.focus);
  const name = useName();
  const shown = Math.min(active, item.columns.length - 1);
  // One branch at a time: the one that holds what one goes to.
  useEffect(() => {
    if (!narrow || focus === null) return;
    const holding = item.columns.findIndex((column) =>
      [...itemsIn(column.steps)].some(
        (each) => each.node === focus.node || each.join === focus.node,
      ),
    );
    if (holding >= 0) setActive(holding);
  }, [focus, narrow, item]);
  const columns = narrow ? item.columns.slice(shown, shown + 1) : item.columns;
  return (
    <div
      className="hr-v-block"
      data-narrow={narrow || undefined}
      data-testid={`block-${item.node}`}
    >
      {editable && item.kind !== "events" && (
        <button
          type="button"
          className="hr-v-add-branch"
          onClick={(event) => {
            addWayTo(item, { x: event.clientX, y: event.clientY });
            if (item.kind !== "parallel") setActive(Math.max(0, item.columns.length - 1));
          }}
          data-testid={`add-branch-${item.node}`}
        >
          <BranchesOutlined aria-hidden /> {t("vertical.add_branch")}
        </button>
      )}
      {narrow && item.columns.length > 1 && (
        <div className="hr-v-tabs" role="tablist" aria-label={name(item.node)}>
          {item.columns.map((column, index) => (
            <BranchTab
              key={keyOf(column)}
              item={item}
              way={column}
              index={index}
              active={index === shown}
              onClick={() => setActive(index)}
            />
          ))}
        </div>
      )}
      <div className="hr-v-columns">
        {columns.map((column) => (
          <div
            className="hr-v-column"
            key={keyOf(column)}
            data-ends={column.steps.exit.kind !== "meet" || undefined}
            data-below={below(columns, column)}
          >
            <BranchHead item={item} way={column} />
            <PlaceHere place={placeOn(column)} after={item.node} title={column.line.port} />
            <Steps sequence={column.steps} />
            <span className="hr-v-rest" aria-hidden />
          </div>
        ))}
      </div>
    </div>
  );
}

/** Which part of the bar below the columns this one draws: it joins those that meet. */
function below(columns: readonly Way[], column: Way): string {
  const meeting = columns.filter((each) => each.steps.exit.kind === "meet");
  const [first] = meeting;
  const last = meeting.at(-1);
  // A single one that is not in the middle goes over to the middle all the same.
  const index = columns.indexOf(column);
  const middle = (columns.length - 1) / 2;
  const from = Math.min(first === undefined ? middle : columns.indexOf(first), middle);
  const to = Math.max(last === undefined ? middle : columns.indexOf(last), middle);
  if (meeting.length === 0 || from === to || index < from - 0.5 || index > to + 0.5) return "none";
  if (index < from || index > to) return index < from ? "edge-end" : "edge-start";
  if (index === from) return "start";
  return index === to ? "end" : "through";
}

function keyOf(way: Way): string {
  return way.line.edge ?? way.line.port;
}

function useBranchWords(item: Item, way: Way) {
  const { t } = useTranslation("editor");
  const { document, types, words } = useSeen();
  const node = nodeOf(document, item.node);
  const index = item.columns.indexOf(way);
  if (node === undefined) return { title: "", when: "" };
  if (item.kind === "parallel")
    return { title: t("vertical.branch", { number: index + 1 }), when: t("vertical.at_once") };
  const title = exitTitle(node, way.line.port, types, words);
  if (way.line.port === "else") return { title, when: t("vertical.otherwise") };
  if (item.kind === "events") return { title, when: "" };
  return {
    title,
    when: branchSentence(node, way.line.port, words) || t("vertical.no_condition"),
  };
}

interface BranchTabProps {
  item: Item;
  way: Way;
  index: number;
  active: boolean;
  onClick: () => void;
}

function BranchTab({ item, way, index, active, onClick }: BranchTabProps) {
  const { title } = useBranchWords(item, way);
  return (
    <button
      type="button"
      role="tab"
      aria-selected={active}
      onClick={onClick}
      data-testid={`branch-tab-${item.node}-${index}`}
    >
      {title}
    </button>
  );
}

function BranchHead({ item, way }: { item: Item; way: Way }) {
  const { t } = useTranslation("editor");
  const { document, editable, onOpenNode, problems } = useSeen();
  const { run, select } = useEditor.getState();
  const { title, when } = useBranchWords(item, way);
  const index = item.columns.indexOf(way);
  const named = way.line.port !== "else" && item.kind !== "parallel" && item.kind !== "events";
  const may = editable && (named || item.kind === "parallel");
  const total = named ? item.columns.length - 1 : item.columns.length;
  const branch = item.kind === "parallel" ? (way.line.edge ?? "") : way.line.port;
  const wordsFor = (side: "earlier" | "later") =>
    t(named ? `vertical.${side}` : side === "earlier" ? "vertical.to_left" : "vertical.to_right");
  const shift = (by: 1 | -1) => run(moveBranch, { node: item.node, branch, by });
  const node = nodeOf(document, item.node);
  const lacks =
    named && node !== undefined && problems.has(node.id) && when === t("vertical.no_condition");
  return (
    <div className="hr-v-branch" data-lacks={lacks || undefined}>
      <button
        type="button"
        className="hr-v-branch-main"
        onClick={() => {
          select({ nodes: [item.node] });
          onOpenNode(item.node, named ? `branches/${index}/when` : undefined);
        }}
        data-testid={`branch-${item.node}-${way.line.port}${item.kind === "parallel" ? index : ""}`}
      >
        <span className="hr-v-branch-title">
          <span>{title}</span>
          {item.kind === "exclusive" && (
            <small>{t("vertical.priority", { number: index + 1 })}</small>
          )}
        </span>
        <span className="hr-v-branch-when">{when}</span>
      </button>
      {may && (
        <span className="hr-v-branch-tools">
          {total > 1 && (
            <>
              {" "}
              <Button
                type="text"
                size="small"
                icon={<CaretLeftOutlined />}
                aria-label={`${wordsFor("earlier")}: ${title}`}
                title={wordsFor("earlier")}
                disabled={index === 0}
                onClick={() => shift(-1)}
                data-testid={`branch-earlier-${item.node}-${index}`}
              />
              <Button
                type="text"
                size="small"
                icon={<CaretRightOutlined />}
                aria-label={`${wordsFor("later")}: ${title}`}
                title={wordsFor("later")}
                disabled={index >= total - 1}
                onClick={() => shift(1)}
                data-testid={`branch-later-${item.node}-${index}`}
              />
            </>
          )}{" "}
          <Button
            type="text"
            size="small"
            icon={<DeleteOutlined />}
            aria-label={`${t("vertical.remove_branch")}: ${title}`}
            title={t("vertical.remove_branch")}
            onClick={() => removeWay(item, way)}
            data-testid={`branch-remove-${item.node}-${index}`}
          />
        </span>
      )}
    </div>
  );
}

function Meeting({ item }: { item: Item }) {
  const { document, onOpenNode, problems } = useSeen();
  const { t } = useTranslation("editor");
  const { select } = useEditor.getState();
  const join = nodeOf(document, item.join ?? "");
  if (join === undefined) return null;
  return (
    <button
      type="button"
      className="hr-v-meeting"
      data-card={join.id}
      data-wrong={problems.has(join.id) || undefined}
      onClick={() => {
        select({ nodes: [join.id] });
        onOpenNode(join.id);
      }}
      data-testid={`card-${join.id}`}
    >
      {joinSentence(join.settings, t)}
    </button>
  );
}
