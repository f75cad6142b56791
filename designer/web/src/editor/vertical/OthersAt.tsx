// Who else has chosen this card.

import { colourOf, useOthers } from "../together/others";
import "../together/together.css";

export function OthersAt({ node }: { node: string }) {
  const others = useOthers((state) => state.others);
  const here = others.filter(({ selection }) => selection.includes(node));
  const [first] = here;
  if (first === undefined) return null;
  return (
    <div
      className="hr-v-others"
      style={{ borderColor: colourOf(first.client) }}
      data-testid={`other-at-${node}`}
    >
      {here.map(({ client, name }) => (
        <span key={client} style={{ background: colourOf(client) }}>
          {name}
        </span>
      ))}
    </div>
  );
}
