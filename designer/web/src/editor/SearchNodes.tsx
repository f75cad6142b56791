// Find a node by its name, its kind or what it does, and go there.

import { useTranslation } from "react-i18next";
import { inReadingOrder } from "./document";
import { NodeIcon } from "./icons";
import { PickMenu } from "./PickMenu";
import { nodeSentence, type Words } from "./sentence";
import { useDocument, useEditor } from "./store";
import { nameOf } from "./variables";

export function SearchNodes({ words, onClose }: { words: Words; onClose: () => void }) {
  const { t } = useTranslation("editor");
  const document = useDocument();
  const types = useEditor((state) => state.types);
  const { goTo } = useEditor.getState();
  return (
    <PickMenu
      title={t("action.search_node")}
      testId="search-menu"
      at={{ x: window.innerWidth / 2 - 160, y: 90 }}
      picks={inReadingOrder(document, types).map((node) => {
        const type = types.get(node.type);
        return {
          key: node.id,
          title: nameOf(node, types, words.text),
          hint: [words.text(type?.title), nodeSentence(node, types, words)]
            .filter(Boolean)
            .join(" · "),
          icon: <NodeIcon icon={type?.icon} type={node.type} />,
          ...(type === undefined ? {} : { colour: type.group }),
        };
      })}
      onPick={(id) => {
        onClose();
        goTo(id);
      }}
      onClose={onClose}
    />
  );
}
