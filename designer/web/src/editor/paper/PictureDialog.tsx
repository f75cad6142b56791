// The drawing as a picture: SVG, PNG, PDF, or on paper.

import { FileImageOutlined, FilePdfOutlined, PrinterOutlined } from "@ant-design/icons";
import { App, Button, Modal } from "antd";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { saveFile } from "../saveFile";
import type { Words } from "../sentence";
import { useDocument, useEditor } from "../store";
import { Print } from "./Print";
import "./paper.css";
import { pictureOf } from "./picture";
import { pdfOf, pngOf } from "./raster";
import { signsOf } from "./signs";

export default function PictureDialog({ words, onClose }: { words: Words; onClose: () => void }) {
  const { t } = useTranslation("canvas");
  const { message } = App.useApp();
  const document = useDocument();
  const types = useEditor((state) => state.types);
  const [busy, setBusy] = useState<string | null>(null);
  const [printing, setPrinting] = useState(false);
  const picture = useMemo(
    () => pictureOf(document, types, words, signsOf(document, types)),
    [document, types, words],
  );
  const image = useMemo(
    () => `data:image/svg+xml;charset=utf-8,${encodeURIComponent(picture.svg)}`,
    [picture],
  );
  const save = async (kind: "png" | "pdf") => {
    setBusy(kind);
    try {
      const blob = await (kind === "png" ? pngOf(picture) : pdfOf(picture));
      saveFile(`${document.key}.${kind}`, blob, blob.type);
    } catch {
      message.error(t("picture.failed"));
    } finally {
      setBusy(null);
    }
  };
  return (
    <Modal
      open
      title={t("action.picture")}
      onCancel={onClose}
      width={860}
      footer={[
        <Button
          key="print"
          icon={<PrinterOutlined />}
          onClick={() => setPrinting(true)}
          data-testid="btn-picture-print"
        >
          {t("picture.print")}
        </Button>,
        <Button
          key="pdf"
          icon={<FilePdfOutlined />}
          loading={busy === "pdf"}
          onClick={() => void save("pdf")}
          data-testid="btn-picture-pdf"
        >
          PDF
        </Button>,
        <Button
          key="svg"
          icon={<FileImageOutlined />}
          onClick={() => saveFile(`${document.key}.svg`, picture.svg, "image/svg+xml")}
          data-testid="btn-picture-svg"
        >
          SVG
        </Button>,
        <Button
          key="png"
          type="primary"
          icon={<FileImageOutlined />}
          loading={busy === "png"}
          onClick={() => void save("png")}
          data-testid="btn-picture-png"
        >
          PNG
        </Button>,
      ]}
    >
      <div className="hr-picture">
        <img src={image} alt={t("picture.of", { name: words.text(document.name) })} />
      </div>
      {printing && (
        <Print onDone={() => setPrinting(false)}>
          <img src={image} alt="" />
        </Print>
      )}
    </Modal>
  );
}
