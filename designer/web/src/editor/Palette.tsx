// The kinds of nodes there are: search, drag onto the canvas, or click (Enter) to add.

import { SearchOutlined, StarFilled, StarOutlined } from "@ant-design/icons";
import { useReactFlow } from "@xyflow/react";
import { memo, useState } from "react";
import { useTranslation } from "react-i18next";
import { addFor, addFromPalette } from "./actions";
import { type Drop, startDrag, useDrag } from "./canvas/paletteDrag";
import { NODE_HEIGHT, NODE_WIDTH, type NodeType } from "./document";
import { fitting } from "./find";
import { NodeIcon } from "./icons";
import { whyNotAdd, whyNotInsert } from "./rules";
import { useEditor } from "./store";
import { toggleFavourite, useUsed } from "./used";
import type { ShowText } from "./variables";

const RECENT_MAX = 4;

export const GROUPS: NodeType["group"][] = [
  "start",
  "people",
  "control",
  "time",
  "data",
  "connect",
];

/** What is used most comes first; kinds that are new here follow. */
const USUAL = [
  "start",
  "approval",
  "condition",
  "connector",
  "notification",
  "timer",
  "set_values",
  "split",
  "join",
  "end",
  "subflow",
  "receive",
  "publish",
];

/** What few flows need is folded away, until one looks for it. */
const RARE = ["milestone", "lock", "unlock", "cancel", "compensate"];

export function byUse(a: NodeType, b: NodeType): number {
  const place = (type: NodeType) =>
    (USUAL.indexOf(type.name) + USUAL.length + 1) % (USUAL.length + 1);
  return place(a) - place(b);
}

export const Palette = memo(function Palette({ text }: { text: ShowText }) {
  const { t } = useTranslation(["editor", "canvas"]);
  const [search, setSearch] = useState("");
  const types = useEditor((state) => state.types);
  const word = search.trim();
  const found = fitting([...types.values()].sort(byUse), word, (type) => [
    text(type.title),
    `${Object.values(type.title).join(" ")} ${type.name} ${text(type.help)}`,
  ]);
  const favourites = useUsed("favourites");
  const recent = useUsed("nodes");
  const kept = favourites.flatMap((name) => types.get(name) ?? []);
  const again = recent
    .filter((name) => !favourites.includes(name))
    .slice(0, RECENT_MAX)
    .flatMap((name) => types.get(name) ?? []);
  const shelf = (name: "favourites" | "recent", inside: NodeType[]) =>
    word === "" &&
    inside.length > 0 && (
      <section key={name} data-testid={`palette-${name}`}>
        <h3>{t(`canvas:palette.${name}`)}</h3>
        {inside.map((type) => (
          <Item key={type.name} type={type} text={text} shelf={name} />
        ))}
      </section>
    );
  return (
    <nav className="hr-palette" aria-label={t("palette.title")} data-testid="palette">
      <div className="hr-palette-search">
        <SearchOutlined aria-hidden />
        <input
          value={search}
          onChange={(event) => setSearch(event.target.value)}
          placeholder={t("palette.search")}
          aria-label={t("palette.search")}
          data-testid="palette-search"
        />
      </div>
      {shelf("favourites", kept)}
      {shelf("recent", again)}
      {GROUPS.map((group) => {
        const inside = found.filter((type) => type.group === group);
        if (inside.length === 0) return null;
        return (
          <section key={group}>
            <h3>{t(`group.${group}`)}</h3>
            {inside
              .filter((type) => word !== "" || !RARE.includes(type.name))
              .map((type) => (
                <Item key={type.name} type={type} text={text} />
              ))}
            {word === "" && inside.some((type) => RARE.includes(type.name)) && (
              <details className="hr-palette-more" data-testid={`palette-more-${group}`}>
                <summary>{t("palette.more")}</summary>
                {inside
                  .filter((type) => RARE.includes(type.name))
                  .map((type) => (
                    <Item key={type.name} type={type} text={text} />
                  ))}
              </details>
            )}
          </section>
        );
      })}
      {found.length === 0 && <p className="hr-pick-none">{t("menu.nothing")}</p>}
      <DragGhost text={text} />
    </nav>
  );
});

interface ItemProps {
  type: NodeType;
  text: ShowText;
  /** The same kind may stand among the favourites or the recent ones too. */
  shelf?: "favourites" | "recent";
}

function Item({ type, text, shelf }: ItemProps) {
  const { t } = useTranslation(["editor", "canvas"]);
  const favourite = useUsed("favourites").includes(type.name);
  const { screenToFlowPosition } = useReactFlow();
  const types = useEditor((state) => state.types);
  const reason = useEditor((state) => whyNotAdd(state.history.present, type.name, state.types));
  const centre = () => {
    const pane = window.document.querySelector(".react-flow")?.getBoundingClientRect();
    const at = screenToFlowPosition({
      x: (pane?.left ?? 0) + (pane?.width ?? 0) / 2,
      y: (pane?.top ?? 0) + (pane?.height ?? 0) / 2,
    });
    return { x: at.x - NODE_WIDTH / 2, y: at.y - NODE_HEIGHT / 2 };
  };
  const drop = ({ at, edge }: Drop) => {
    if (edge !== null) {
      addFor({ kind: "edge", edge }, type.name);
      return;
    }
    const place = screenToFlowPosition(at);
    const position = { x: place.x - NODE_WIDTH / 2, y: place.y - NODE_HEIGHT / 2 };
    addFor({ kind: "free", position }, type.name);
  };
  return (
    <div className="hr-palette-row">
      <button
        type="button"
        className="hr-palette-item"
        data-group={type.group}
        data-testid={`palette-${shelf ?? "item"}-${type.name}`}
        disabled={reason !== null}
        title={reason === null ? text(type.help) : t(`reason.${reason}`)}
        onPointerDown={(event) =>
          startDrag(event, type.name, whyNotInsert(type.name, types) === null, drop)
        }
        onClick={() => addFromPalette(type.name, centre())}
      >
        <span className="hr-palette-icon">
          <NodeIcon icon={type.icon} type={type.name} />
        </span>
        <span className="hr-palette-name">{text(type.title)}</span>
      </button>
      <button
        type="button"
        className="hr-palette-star"
        aria-pressed={favourite}
        aria-label={t(favourite ? "canvas:palette.unstar" : "canvas:palette.star", {
          name: text(type.title),
        })}
        onClick={() => toggleFavourite(type.name)}
        data-testid={shelf === undefined ? `palette-star-${type.name}` : undefined}
      >
        {favourite ? <StarFilled /> : <StarOutlined />}
      </button>
    </div>
  );
}

/** What is in the hand while dragging. */
function DragGhost({ text }: { text: ShowText }) {
  const name = useDrag((state) => state.type);
  const at = useDrag((state) => state.at);
  const onLine = useDrag((state) => state.edge !== null);
  const type = useEditor((state) => (name === null ? undefined : state.types.get(name)));
  if (type === undefined) return null;
  return (
    <div
      className="hr-drag-ghost"
      data-group={type.group}
      data-on-line={onLine || undefined}
      style={{ left: at.x, top: at.y }}
      aria-hidden
    >
      <span className="hr-palette-icon">
        <NodeIcon icon={type.icon} type={type.name} />
      </span>
      {text(type.title)}
    </div>
  );
}
