// Ctrl+F: finds a text in names, settings, expressions, lines and notes, and goes there.

import { FileTextOutlined, SwapRightOutlined } from "@ant-design/icons";
import { useMemo, useRef } from "react";
import { useTranslation } from "react-i18next";
import { nodeOf } from "./document";
import { NodeIcon } from "./icons";
import { type Pick, PickMenu } from "./PickMenu";
import { type Hit, searchAll } from "./searchAll";
import type { Words } from "./sentence";
import { useDocument, useEditor } from "./store";

export function SearchNodes({ words, onClose }: { words: Words; onClose: () => void }) {
  const { t } = useTranslation(["canvas", "editor"]);
  const document = useDocument();
  const types = useEditor((state) => state.types);
  const hits = useRef(new Map<string, Hit>());
  const last = useRef<{ search: string; picks: Pick[] } | null>(null);
  const find = useMemo(() => {
    last.current = null;
    return (search: string): Pick[] => {
      if (last.current?.search === search) return last.current.picks;
      const found = searchAll(document, types, words, search);
      hits.current = new Map(found.map((hit) => [hit.key, hit]));
      const picks = found.map((hit): Pick => {
        const node = nodeOf(document, hit.node ?? "");
        const type = types.get(node?.type ?? "");
        return {
          key: hit.key,
          title: hit.title,
          hint: [hit.where, hit.text].filter(Boolean).join(": "),
          icon: <HitIcon hit={hit} />,
          ...(type === undefined ? {} : { colour: type.group }),
        };
      });
      last.current = { search, picks };
      return picks;
    };
  }, [document, types, words]);
  return (
    <PickMenu
      title={t("canvas:search.title")}
      placeholder={t("canvas:search.placeholder")}
      testId="search-menu"
      at={{ x: window.innerWidth / 2 - 160, y: 90 }}
      picks={[]}
      find={find}
      onPick={(key) => {
        const hit = hits.current.get(key);
        onClose();
        if (hit !== undefined) goToHit(hit);
      }}
      onClose={onClose}
    />
  );
}

function HitIcon({ hit }: { hit: Hit }) {
  const node = useEditor((state) => nodeOf(state.history.present, hit.node ?? ""));
  const icon = useEditor((state) => state.types.get(node?.type ?? "")?.icon);
  if (node !== undefined) return <NodeIcon icon={icon} type={node.type} />;
  return hit.edge === undefined ? <FileTextOutlined /> : <SwapRightOutlined />;
}

function goToHit(hit: Hit): void {
  const { goTo, select } = useEditor.getState();
  if (hit.node !== undefined) goTo(hit.node, hit.field);
  else if (hit.edge !== undefined) select({ edges: [hit.edge] });
  else if (hit.note !== undefined) {
    select({ notes: [hit.note] });
    useEditor.setState({ focus: { node: hit.note } });
  }
}
