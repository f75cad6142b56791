// What the canvas says to a screen reader, in the reader's language.

import { useMemo } from "react";
import { useTranslation } from "react-i18next";

export function useAriaLabels() {
  const { t } = useTranslation("editor");
  return useMemo(
    () => ({
      "node.a11yDescription.default": t("aria.node"),
      "node.a11yDescription.keyboardDisabled": t("aria.node"),
      "edge.a11yDescription.default": t("aria.edge"),
      "controls.ariaLabel": t("aria.controls"),
      "controls.zoomIn.ariaLabel": t("action.zoom_in"),
      "controls.zoomOut.ariaLabel": t("action.zoom_out"),
      "controls.fitView.ariaLabel": t("action.fit"),
      "controls.interactive.ariaLabel": t("aria.controls"),
      "minimap.ariaLabel": t("aria.minimap"),
      "handle.ariaLabel": t("aria.handle"),
    }),
    [t],
  );
}
