// A file of orders or refunds on the page of its source: the sheet is the one tables have.

import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Segments } from "../../ui/Segments";
import { FileSheet } from "../tables/ImportSheet";
import type { Source, What } from "./types";

const GOODS = ["item.sku", "item.title", "item.quantity", "item.price"];

interface FileUploadProps {
  source: Source;
  onClose: () => void;
  onDone: () => void;
}

export function FileUpload({ source, onClose, onDone }: FileUploadProps) {
  const { t } = useTranslation("sources");
  const [what, setWhat] = useState<What>("order");
  const known = Object.keys(what === "order" ? source.order_fields : source.refund_fields);
  const names = [...known.filter((one) => one !== "items"), ...(what === "order" ? GOODS : [])];
  return (
    <FileSheet
      key={what}
      title={t("file.title")}
      path={`/api/sources/${source.key}/files`}
      asked={{ kind: what }}
      targets={names.map((value) => ({ value, label: t(`field.${value.replace(".", "_")}`) }))}
      text={t("file.text")}
      apply={(count) => t(`file.apply_${what}`, { count })}
      first={
        <Segments<What>
          label={t("map.what")}
          options={(["order", "refund"] as const).map((value) => ({
            value,
            title: t(`what.${value}`),
          }))}
          value={what}
          onChange={setWhat}
          testId="file-what"
        />
      }
      onClose={onClose}
      onDone={onDone}
    />
  );
}
