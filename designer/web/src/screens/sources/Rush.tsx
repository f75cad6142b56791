// How fast orders come, which path flows take, and how much waits: what one looks at in a rush.

import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api } from "../../api/client";
import { Tag } from "../../ui/StatusTag";
import { useText } from "../../ui/text";
import { lengthText, RelativeTime } from "../../ui/time";

interface Board {
  mode: "normal" | "light";
  since: string | null;
  calm_since: string | null;
  peak: number;
  per_minute: number;
  opens_above: number;
  closes_below: number;
  closes_after_s: number;
  depth: number;
  oldest_s: number;
  done_per_minute: number;
  minutes: { at: string; orders: number }[];
}

const EVERY_MS = 5_000;
const WIDTH = 240;
const HEIGHT = 40;

export function Rush() {
  const { t } = useTranslation("sources");
  const { language } = useText();
  const { data } = useQuery({
    queryKey: ["rush"],
    queryFn: ({ signal }) => api.get<Board>("/api/intake/rush", { signal }),
    refetchInterval: EVERY_MS,
  });
  if (data === undefined) return null;
  const light = data.mode === "light";
  if (!light && data.minutes.every((minute) => minute.orders === 0)) return null;
  return (
    <section className="hr-src-rush" aria-label={t("rush.title")} data-testid="rush">
      <div className="hr-src-rush-mode">
        <Tag tone={light ? "warn" : "ok"}>{t(`rush.${data.mode}`)}</Tag>
        <span className="hr-muted">
          {light ? (
            <>
              <RelativeTime at={data.since} />{" "}
              {t("rush.closes", {
                below: data.closes_below,
                minutes: Math.round(data.closes_after_s / 60),
              })}
            </>
          ) : (
            t("rush.opens", { above: data.opens_above })
          )}
        </span>
      </div>
      <dl>
        <Figure name={t("rush.per_minute")} value={data.per_minute} />
        <Figure name={t("rush.depth")} value={data.depth} />
        <Figure
          name={t("rush.oldest")}
          value={data.depth ? lengthText(data.oldest_s * 1_000, language) : "–"}
        />
        <Figure name={t("rush.done")} value={data.done_per_minute} />
      </dl>
      <Curve board={data} />
    </section>
  );
}

function Figure({ name, value }: { name: string; value: number | string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

/** Orders of each of the last sixty minutes, with the bound that opens the light path. */
function Curve({ board }: { board: Board }) {
  const { t } = useTranslation("sources");
  const most = Math.max(board.opens_above, ...board.minutes.map((minute) => minute.orders));
  const wide = WIDTH / board.minutes.length;
  const y = (orders: number) => HEIGHT - (orders / most) * HEIGHT;
  return (
    <svg
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={t("rush.curve")}
    >
      <title>{t("rush.curve")}</title>
      {board.minutes.map((minute, number) => (
        <rect
          key={minute.at}
          x={number * wide}
          y={y(minute.orders)}
          width={Math.max(1, wide - 1)}
          height={HEIGHT - y(minute.orders)}
        />
      ))}
      <line x1={0} x2={WIDTH} y1={y(board.opens_above)} y2={y(board.opens_above)} />
    </svg>
  );
}
