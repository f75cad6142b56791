// The flow as a list: the same as the canvas for those who do not see it, and quick to read for those who do.

import { useTranslation } from "react-i18next";
import { inReadingOrder, leaving, nodeOf } from "./document";
import { NodeIcon } from "./icons";
import { edgeSentence, nodeSentence, type Words } from "./sentence";
import { useDocument, useEditor } from "./store";
import { nameOf } from "./variables";

export function Outline({ words }: { words: Words }) {
  const { t } = useTranslation("editor");
  const document = useDocument();
  const types = useEditor((state) => state.types);
  const selected = useEditor((state) => state.selection.nodes);
  const { goTo } = useEditor.getState();
  return (
    <nav className="hr-outline" aria-label={t("outline.title")} data-testid="outline">
      <ol>
        {inReadingOrder(document, types).map((node) => {
          const type = types.get(node.type);
          const summary = nodeSentence(node, types, words);
          return (
            <li key={node.id} data-group={type?.group}>
              <button
                type="button"
                className="hr-outline-node"
                aria-current={selected.includes(node.id)}
                onClick={() => {
                  goTo(node.id);
                }}
                data-testid={`outline-${node.id}`}
              >
                <span className="hr-palette-icon">
                  <NodeIcon icon={type?.icon} type={node.type} />
                </span>
                <span>
                  {nameOf(node, types, words.text)}
                  {summary !== "" && <span className="hr-muted-text"> · {summary}</span>}
                </span>
              </button>
              <ul className="hr-outline-ways">
                {leaving(document, node.id).map((edge) => {
                  const to = nodeOf(document, edge.to);
                  const when = edgeSentence(document, edge, types, words);
                  return (
                    <li key={edge.id}>
                      {when !== "" && `${when} `}→ {to && nameOf(to, types, words.text)}
                    </li>
                  );
                })}
              </ul>
            </li>
          );
        })}
      </ol>
    </nav>
  );
}
