// The flow as a document to read, in either language: on the screen, on paper, as a page or as Markdown.

import { DownloadOutlined, PrinterOutlined } from "@ant-design/icons";
import { Button, Checkbox, Modal } from "antd";
import { type Ref, useEffect, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { Segments } from "../../ui/Segments";
import { useText } from "../../ui/text";
import { saveFile } from "../saveFile";
import type { Words } from "../sentence";
import { useDocument, useEditor } from "../store";
import { type Tongue, useWords } from "../words";
import { Print } from "./Print";
import "./paper.css";
import { escaped, pictureOf } from "./picture";
import { signsOf } from "./signs";
import { markdownOf, type Sop, saidOf, sopOf } from "./sop";
import PAPER from "./sop.css?inline";

export default function SopDialog({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation("canvas");
  const { language: own } = useText();
  const [language, setLanguage] = useState<"zh" | "en">(own);
  const [drawn, setDrawn] = useState(true);
  const [printing, setPrinting] = useState(false);
  const document = useDocument();
  const types = useEditor((state) => state.types);
  const tongue = useTongue(language);
  const words = useWords(document, tongue);
  const sop = useMemo(() => sopOf(document, types, words), [document, types, words]);
  const image = useMemo(() => {
    if (!drawn) return null;
    const { svg } = pictureOf(document, types, words, signsOf(document, types));
    return `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`;
  }, [drawn, document, types, words]);
  const paper = useRef<HTMLElement>(null);
  const page = () =>
    [
      `<!doctype html><html lang="${language === "zh" ? "zh-CN" : "en"}"><head><meta charset="utf-8">`,
      `<meta name="viewport" content="width=device-width"><title>${escaped(sop.title)}</title>`,
      `<style>${PAPER}</style></head><body>${paper.current?.outerHTML ?? ""}</body></html>`,
    ].join("\n");
  const name = `${document.key}-sop-${language}`;
  return (
    <Modal
      open
      title={t("action.sop")}
      onCancel={onClose}
      width={900}
      footer={[
        <Button
          key="md"
          icon={<DownloadOutlined />}
          onClick={() => saveFile(`${name}.md`, markdownOf(sop, words.t), "text/markdown")}
          data-testid="btn-sop-md"
        >
          Markdown
        </Button>,
        <Button
          key="html"
          icon={<DownloadOutlined />}
          onClick={() => saveFile(`${name}.html`, page(), "text/html")}
          data-testid="btn-sop-html"
        >
          {t("sop.page")}
        </Button>,
        <Button
          key="print"
          type="primary"
          icon={<PrinterOutlined />}
          onClick={() => setPrinting(true)}
          data-testid="btn-sop-print"
        >
          {t("picture.print")}
        </Button>,
      ]}
    >
      <div className="hr-sop-bar">
        <Segments
          label={t("sop.language")}
          value={language}
          onChange={setLanguage}
          options={[
            { value: "zh", title: "中文" },
            { value: "en", title: "English" },
          ]}
        />
        <Checkbox checked={drawn} onChange={(event) => setDrawn(event.target.checked)}>
          {t("sop.with_drawing")}
        </Checkbox>
      </div>
      <style>{PAPER}</style>
      <div className="hr-sop-frame">
        <Paper sop={sop} words={words} image={image} of={paper} />
      </div>
      {printing && (
        <Print onDone={() => setPrinting(false)}>
          <Paper sop={sop} words={words} image={image} />
        </Print>
      )}
    </Modal>
  );
}

interface PaperProps {
  sop: Sop;
  words: Words;
  image: string | null;
  of?: Ref<HTMLElement>;
}

function Paper({ sop, words, image, of }: PaperProps) {
  const { t } = words;
  return (
    <article className="sop" ref={of} data-testid="sop">
      <h1>{sop.title}</h1>
      {sop.about !== "" && <p>{sop.about}</p>}
      <h2>{t("canvas:sop.starts")}</h2>
      <ul>
        {sop.starts.map((each) => (
          <li key={each}>{each}</li>
        ))}
      </ul>
      {sop.fields.length > 0 && (
        <>
          <h2>{t("canvas:sop.fields")}</h2>
          <ul>
            {sop.fields.map((field) => (
              <li key={field.name}>
                {field.name}
                <small>
                  {" "}
                  · {field.kind}
                  {field.required && ` · ${t("canvas:sop.required")}`}
                </small>
              </li>
            ))}
          </ul>
        </>
      )}
      {image !== null && <img className="sop-drawing" src={image} alt={sop.title} />}
      <h2>{t("canvas:sop.steps")}</h2>
      {sop.steps.map((step) => (
        <section key={step.id} className="sop-step">
          <h3>
            <span className="sop-number">{step.number}</span> {step.name}
            <small> {step.kind}</small>
          </h3>
          <dl>
            {saidOf(step, t).map(([label, said]) => (
              <div key={label}>
                <dt>{label}</dt>
                <dd>{said}</dd>
              </div>
            ))}
          </dl>
          <ul className="sop-next">
            {step.next.map((each) => (
              <li key={each}>{each}</li>
            ))}
            {step.exceptions.map((each) => (
              <li key={each} className="sop-exception">
                {each}
              </li>
            ))}
          </ul>
        </section>
      ))}
      {sop.people.length > 0 && (
        <>
          <h2>{t("canvas:sop.people")}</h2>
          <ul>
            {sop.people.map(({ who, steps }) => (
              <li key={who}>
                {who}: {steps.join(", ")}
              </li>
            ))}
          </ul>
        </>
      )}
      {sop.notes.length > 0 && (
        <>
          <h2>{t("canvas:sop.notes")}</h2>
          {sop.notes.map((note) => (
            <blockquote key={note}>{note}</blockquote>
          ))}
        </>
      )}
    </article>
  );
}

/** The texts of the other language are fetched when they are asked for. */
function useTongue(language: "zh" | "en"): Tongue | undefined {
  const { i18n } = useTranslation("canvas");
  const [ready, setReady] = useState<Tongue>();
  useEffect(() => {
    let wanted = true;
    const areas = ["editor", "canvas"] as const;
    void i18n.loadLanguages(language).then(async () => {
      await i18n.loadNamespaces([...areas]);
      const t = i18n.getFixedT(language, "editor") as Words["t"];
      if (wanted) setReady({ language, t });
    });
    return () => {
      wanted = false;
    };
  }, [i18n, language]);
  return ready;
}
