// Opens the mapping editor for a list of names and values, or for a record that is written as an expression.

import { SwapOutlined } from "@ant-design/icons";
import { Button } from "antd";
import { Suspense, useState } from "react";
import { useTranslation } from "react-i18next";
import { lazy } from "../../ui/lazy";
import { testIdOf } from "../form/context";
import type { MapDialogProps } from "./MapDialog";

const MapDialog = lazy(() => import("./MapDialog"));

export function MapButton({ path, ...dialog }: Omit<MapDialogProps, "onClose"> & { path: string }) {
  const { t } = useTranslation("editor");
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button
        block
        icon={<SwapOutlined />}
        onClick={() => setOpen(true)}
        data-testid={`${testIdOf(path)}.map`}
      >
        {t("field.map")}
      </Button>
      {open && (
        <Suspense fallback={null}>
          <MapDialog {...dialog} onClose={() => setOpen(false)} />
        </Suspense>
      )}
    </>
  );
}
