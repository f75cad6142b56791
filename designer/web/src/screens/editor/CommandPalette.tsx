// Ctrl+K: everything one can do here, by name. Actions, nodes to add, nodes of this flow, other flows, other screens.

import { ArrowRightOutlined, PartitionOutlined, ThunderboltOutlined } from "@ant-design/icons";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { useOutletContext } from "react-router";
import { useMay } from "../../api/session";
import { ACTION_GROUPS, actionsNow, type Desk } from "../../editor/actionList";
import { addFromPalette } from "../../editor/actions";
import { inReadingOrder, NODE_HEIGHT, NODE_WIDTH } from "../../editor/document";
import { fitting } from "../../editor/find";
import { NodeIcon } from "../../editor/icons";
import { byUse } from "../../editor/Palette";
import { type Pick, PickMenu } from "../../editor/PickMenu";
import { useFlows } from "../../editor/remote";
import { whyNotAdd } from "../../editor/rules";
import { nodeSentence, type Words } from "../../editor/sentence";
import { useDocument, useEditor } from "../../editor/store";
import { used, useUsed } from "../../editor/used";
import { nameOf } from "../../editor/variables";
import type { NavItem } from "../../shell/Shell";

interface Command extends Pick {
  words: string;
  run: () => void;
}

const RECENT_MAX = 4;

export function CommandPalette(props: { words: Words; desk: Desk; onClose: () => void }) {
  const { words, desk, onClose } = props;
  const { t } = useTranslation(["canvas", "editor", "app"]);
  const commands = useCommands(words, desk);
  const recent = useUsed("commands");
  const find = useMemo(() => {
    const atFirst = commands.filter(({ key }) => key.startsWith("action "));
    const again = recent
      .slice(0, RECENT_MAX)
      .flatMap((key) => atFirst.find((each) => each.key === key) ?? [])
      .map((each) => ({ ...each, group: t("canvas:palette.recent") }));
    const others = atFirst.filter(({ key }) => !again.some((each) => each.key === key));
    return (search: string) =>
      search.trim() === ""
        ? [...again, ...others]
        : fitting(commands, search, (each) => [each.title, each.words]);
  }, [commands, recent, t]);
  return (
    <PickMenu
      title={t("canvas:commands.title")}
      placeholder={t("canvas:commands.placeholder")}
      testId="command-menu"
      at={{ x: window.innerWidth / 2 - 240, y: 72 }}
      picks={commands}
      find={find}
      wide
      onPick={(key) => {
        onClose();
        if (key.startsWith("action ")) used("commands", key);
        // The menu gives the keyboard back first; a dialog may take it then.
        setTimeout(() => commands.find((each) => each.key === key)?.run());
      }}
      onClose={onClose}
    />
  );
}

function useCommands(words: Words, desk: Desk): Command[] {
  const { t } = useTranslation(["canvas", "editor", "app"]);
  const may = useMay();
  const document = useDocument();
  const types = useEditor((state) => state.types);
  const readOnly = useEditor((state) => state.readOnly);
  const flows = useFlows();
  const screens = useOutletContext<NavItem[] | undefined>() ?? [];
  const actions = ACTION_GROUPS.flatMap((group) =>
    actionsNow(may)
      .filter((action) => action.group === group)
      .map(
        (action): Command => ({
          key: `action ${action.name}`,
          title: t(`canvas:action.${action.name}`),
          group: t(`canvas:commands.${group}`),
          icon: <ThunderboltOutlined />,
          words: `${action.name} ${t(`canvas:commands.${group}`)}`,
          ...(action.keys === undefined ? {} : { keys: action.keys }),
          run: () => action.run(desk),
        }),
      ),
  );
  const kinds = readOnly
    ? []
    : [...types.values()]
        .filter((type) => whyNotAdd(document, type.name, types) === null)
        .sort(byUse)
        .map(
          (type): Command => ({
            key: `add ${type.name}`,
            title: t("canvas:commands.add", { what: words.text(type.title) }),
            group: t("canvas:commands.nodes"),
            hint: words.text(type.help),
            colour: type.group,
            icon: <NodeIcon icon={type.icon} type={type.name} />,
            words: `${Object.values(type.title).join(" ")} ${type.name} ${words.text(type.help)}`,
            run: () => addFromPalette(type.name, centre(desk)),
          }),
        );
  const nodes = inReadingOrder(document, types).map((node): Command => {
    const type = types.get(node.type);
    const title = nameOf(node, types, words.text);
    return {
      key: `go ${node.id}`,
      title,
      group: t("canvas:commands.here"),
      hint: [words.text(type?.title), nodeSentence(node, types, words)].filter(Boolean).join(" · "),
      icon: <NodeIcon icon={type?.icon} type={node.type} />,
      ...(type === undefined ? {} : { colour: type.group }),
      words: `${Object.values(node.name ?? {}).join(" ")} ${node.id}`,
      run: () => useEditor.getState().goTo(node.id),
    };
  });
  const others = flows
    .filter((flow) => flow.key !== document.key)
    .map(
      (flow): Command => ({
        key: `flow ${flow.key}`,
        title: words.text(flow.name) || flow.key,
        group: t("canvas:commands.flows"),
        icon: <PartitionOutlined />,
        words: `${Object.values(flow.name).join(" ")} ${flow.key}`,
        run: () => desk.go(`/flows/${flow.key}`),
      }),
    );
  const places = screens.map(
    (screen): Command => ({
      key: `screen ${screen.name}`,
      title: t(screen.labelKey as "app:nav.tasks"),
      group: t("canvas:commands.screens"),
      icon: <ArrowRightOutlined />,
      words: screen.name,
      run: () => desk.go(screen.address),
    }),
  );
  return [...actions, ...kinds, ...nodes, ...others, ...places];
}

function centre(desk: Desk) {
  const pane = window.document.querySelector(".hr-editor-canvas")?.getBoundingClientRect();
  const at = desk.flow.screenToFlowPosition({
    x: (pane?.left ?? 0) + (pane?.width ?? 0) / 2,
    y: (pane?.top ?? 0) + (pane?.height ?? 0) / 2,
  });
  return { x: at.x - NODE_WIDTH / 2, y: at.y - NODE_HEIGHT / 2 };
}
