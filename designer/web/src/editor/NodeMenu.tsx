// The menu that asks what comes next: which way out, which node, or (for `C`) which node to lead to.

import { useTranslation } from "react-i18next";
import { addEventFor, addFor, INCLUSIVE } from "./actions";
import { connect } from "./commands/connect";
import {
  EVENT_KINDS,
  type EventKind,
  eventOf,
  exitsOf,
  inReadingOrder,
  leaving,
  nodeOf,
} from "./document";
import { EventIcon, NodeIcon } from "./icons";
import { byUse, GROUPS } from "./Palette";
import { type Pick, PickMenu } from "./PickMenu";
import {
  whyNotAdd,
  whyNotAppend,
  whyNotConnect,
  whyNotEvent,
  whyNotHandle,
  whyNotInsert,
} from "./rules";
import { exitTitle, type Words } from "./sentence";
import { type Menu, useDocument, useEditor } from "./store";
import { StepMenu } from "./typed/StepMenu";
import { nameOf } from "./variables";

export function NodeMenu({ words }: { words: Words }) {
  const menu = useEditor((state) => state.menu);
  if (menu === null) return null;
  return (
    <>
      <GhostLine menu={menu} />
      <Open menu={menu} words={words} />
    </>
  );
}

/** The line one has just drawn into the void stays while the menu asks what it should lead to. */
function GhostLine({ menu: { wish, at } }: { menu: Menu }) {
  if (wish.kind !== "after" || wish.position === undefined) return null;
  const name = CSS.escape(`handle-${wish.node}-${wish.port}`);
  const from = window.document.querySelector(`[data-testid="${name}"]`)?.getBoundingClientRect();
  if (from === undefined) return null;
  const x = from.left + from.width / 2;
  const y = from.top + from.height / 2;
  const bend = (x + at.x) / 2;
  return (
    <svg className="hr-ghost-line" aria-hidden>
      <title>{wish.port}</title>
      <path d={`M${x},${y} C${bend},${y} ${bend},${at.y} ${at.x},${at.y}`} />
    </svg>
  );
}

function Open({ menu, words }: { menu: Menu; words: Words }) {
  const { t } = useTranslation("editor");
  const document = useDocument();
  const types = useEditor((state) => state.types);
  const { openMenu, run, goTo } = useEditor.getState();
  const { wish, at } = menu;
  const close = () => {
    openMenu(null);
    const node = "node" in wish ? wish.node : undefined;
    if (node !== undefined) goTo(node);
  };

  if ((wish.kind === "after" || wish.kind === "connect") && wish.port === undefined) {
    return (
      <PickMenu
        key="which_way"
        title={t("menu.which_way")}
        at={at}
        testId="port-menu"
        picks={ports()}
        onPick={(port) => openMenu({ wish: { ...wish, port }, at })}
        onClose={close}
      />
    );
  }
  if (wish.kind === "event") {
    const { node } = wish;
    return (
      <PickMenu
        key="which_event"
        title={t("menu.which_event")}
        at={at}
        testId="event-menu"
        picks={happenings(node)}
        onPick={(kind) => {
          openMenu(null);
          addEventFor(node, kind as EventKind, at);
        }}
        onClose={close}
      />
    );
  }
  if (wish.kind === "connect") {
    const from = wish.node;
    const port = wish.port ?? "out";
    return (
      <PickMenu
        key="connect_to"
        title={t("menu.connect_to")}
        at={at}
        testId="target-menu"
        picks={targets(from, port)}
        onPick={(to) => {
          openMenu(null);
          run(connect, { from, port, to });
          goTo(from);
        }}
        onClose={close}
      />
    );
  }
  return (
    <StepMenu
      title={whereTo()}
      at={at}
      wish={wish}
      picks={kinds()}
      words={words}
      onPick={(type) => {
        openMenu(null);
        addFor(wish, type);
      }}
      onClose={close}
    />
  );

  /** "After “Finance manager approves” · Rejected": who goes from loose end to loose end must know where they are. */
  function whereTo(): string {
    if (wish.kind === "before") return t("menu.before");
    if (wish.kind !== "after") return t("menu.add");
    const node = nodeOf(document, wish.node);
    if (node === undefined) return t("menu.after");
    const name = nameOf(node, types, words.text);
    const several = exitsOf(node, types).length > 1;
    const exit = several ? ` · ${exitTitle(node, wish.port ?? "out", types, words)}` : "";
    return t("menu.after_this", { name: `${name}${exit}` });
  }

  function ports(): Pick[] {
    const node = "node" in wish ? nodeOf(document, wish.node) : undefined;
    if (node === undefined) return [];
    const taken = new Map(leaving(document, node.id).map((edge) => [edge.port, edge.to]));
    const all = exitsOf(node, types).map((port): Pick & { open: boolean } => {
      const to = nodeOf(document, taken.get(port.name) ?? "");
      const event = eventOf(node, port.name);
      return {
        key: port.name,
        title: exitTitle(node, port.name, types, words),
        ...(event === undefined ? {} : { icon: <EventIcon kind={event.kind} /> }),
        open: to === undefined,
        hint:
          to === undefined
            ? t("menu.open_port")
            : t("menu.leads_to", { name: nameOf(to, types, words.text) }),
      };
    });
    return all.sort((a, b) => Number(b.open) - Number(a.open));
  }

  function happenings(id: string): Pick[] {
    const node = nodeOf(document, id);
    if (node === undefined) return [];
    return EVENT_KINDS.map((kind): Pick => {
      const reason = whyNotEvent(node, kind, types);
      return {
        key: kind,
        title: t(`event.kind_${kind}`),
        hint: t(`event.kind_${kind}_help`),
        icon: <EventIcon kind={kind} />,
        ...(reason === null ? {} : { disabled: t(`reason.${reason}`) }),
      };
    });
  }

  function targets(from: string, port: string): Pick[] {
    return inReadingOrder(document, types)
      .filter((node) => node.id !== from)
      .flatMap((node): Pick[] => {
        const reason = whyNotConnect(document, { from, port, to: node.id }, types);
        if (reason === "to_a_start" || reason === "no_handler_kind") return [];
        const type = types.get(node.type);
        return [
          {
            key: node.id,
            title: nameOf(node, types, words.text),
            hint: words.text(type?.title),
            icon: <NodeIcon icon={type?.icon} type={node.type} />,
            ...(type === undefined ? {} : { colour: type.group }),
            ...(reason === null ? {} : { disabled: t(`reason.${reason}`) }),
          },
        ];
      });
  }

  function kinds(): Pick[] {
    const undoing =
      wish.kind === "after" &&
      eventOf(nodeOf(document, wish.node), wish.port ?? "")?.kind === "compensation";
    const all = [...types.values()].sort(
      (a, b) => GROUPS.indexOf(a.group) - GROUPS.indexOf(b.group) || byUse(a, b),
    );
    const inTree = wish.kind === "place" || wish.kind === "way";
    const open = wish.kind === "place" && "node" in wish.place;
    const picks = all.flatMap((type): Pick[] => {
      // Joins come with their branches.
      if (inTree && type.joins) return [];
      const reason =
        wish.kind === "free"
          ? whyNotAdd(document, type.name, types)
          : wish.kind === "after" || open
            ? (whyNotAppend(type.name, types) ?? (undoing ? whyNotHandle(type) : null))
            : whyNotInsert(type.name, types);
      if (reason !== null) return [];
      return [
        {
          key: type.name,
          title: words.text(type.title),
          hint: words.text(type.help),
          group: t(`group.${type.group}`),
          colour: type.group,
          icon: <NodeIcon icon={type.icon} type={type.name} />,
        },
      ];
    });
    return wish.kind === "place" ? forTree(picks) : picks;
  }

  /** What approvals are made of comes first, in the words of the vertical look. */
  function forTree(picks: Pick[]): Pick[] {
    const group = t("vertical.usual");
    const usual = USUAL.flatMap((key): Pick[] => {
      const found = picks.find((pick) => pick.key === (key === INCLUSIVE ? "condition" : key));
      if (found === undefined) return [];
      const words = key === "condition" || key === "split" || key === INCLUSIVE;
      const title = words ? t(`vertical.block_${key}`) : found.title;
      const hint = words ? { hint: t(`vertical.block_${key}_help`) } : {};
      return [{ ...found, key, title, group, ...hint }];
    });
    return [...usual, ...picks.filter((pick) => !USUAL.includes(pick.key))];
  }
}

const USUAL = ["approval", "notification", "condition", "split", INCLUSIVE];
