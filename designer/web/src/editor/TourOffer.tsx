// The tour is offered once. Taken or declined, it does not come back by itself; Ctrl+K still knows it.

import { CloseOutlined, CompassOutlined } from "@ant-design/icons";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useDialog } from "./dialog";

const KEY = "headrace.tour";

/** Below the palette, where it is in nobody's way. */
export function TourOffer() {
  const { t } = useTranslation("canvas");
  const [offered, setOffered] = useState(() => localStorage.getItem(KEY) === null);
  if (!offered) return null;
  const decline = () => {
    tourIsOver();
    setOffered(false);
  };
  return (
    <div className="hr-tour-offer" data-testid="tour-offer">
      <button
        type="button"
        className="hr-tour-go"
        onClick={() => {
          decline();
          useDialog.getState().show("tour");
        }}
        data-testid="btn-tour"
      >
        <CompassOutlined aria-hidden /> {t("tour.offer")}
      </button>
      <button
        type="button"
        aria-label={t("tour.decline")}
        title={t("tour.decline")}
        onClick={decline}
        data-testid="btn-tour-decline"
      >
        <CloseOutlined />
      </button>
    </div>
  );
}

export function tourIsOver(): void {
  localStorage.setItem(KEY, "over");
}
