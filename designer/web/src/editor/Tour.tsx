// A short tour through the editor. It is offered once, never forced, and stays away once it was taken or declined.

import { Tour as Steps } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { tourIsOver } from "./TourOffer";

const STOPS = [
  ["palette", "[data-testid=palette]", "right"],
  ["canvas", ".hr-editor-canvas", "center"],
  ["side", ".hr-e-side", "left"],
  ["test", "[data-testid=btn-test]", "bottom"],
  ["commands", "[data-testid=btn-commands]", "bottom"],
  ["publish", "[data-testid=btn-publish]", "bottomRight"],
] as const;

export default function Tour({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation("canvas");
  const [at, setAt] = useState(0);
  const here = STOPS.filter(([, place]) => document.querySelector(place) !== null);
  const close = () => {
    tourIsOver();
    onClose();
  };
  return (
    <Steps
      open
      current={at}
      onChange={setAt}
      onClose={close}
      onFinish={close}
      scrollIntoViewOptions={false}
      steps={here.map(([name, place, placement], index) => ({
        placement,
        title: t(`tour.${name}` as "tour.palette"),
        description: t(`tour.${name}_text` as "tour.palette_text"),
        target: () => document.querySelector<HTMLElement>(place) as HTMLElement,
        nextButtonProps: {
          children: t(index === here.length - 1 ? "tour.done" : "tour.next"),
        },
        prevButtonProps: { children: t("tour.back") },
      }))}
      indicatorsRender={(current, total) => (
        <span className="hr-muted-text">
          {current + 1} / {total}
        </span>
      )}
    />
  );
}
