// Trying a flow on a phone: the test panel over the drawing, and what is left of a run when it is closed.

import { ClearOutlined } from "@ant-design/icons";
import { Button, Drawer } from "antd";
import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import { useTrial } from "../../editor/cases/trial";
import type { Words } from "../../editor/sentence";
import { useEditor } from "../../editor/store";
import { TestPanel } from "../../editor/TestPanel";

interface PhoneTestProps {
  words: Words;
  open: boolean;
  onOpen: () => void;
  onClose: () => void;
}

export default function PhoneTest({ words, open, onOpen, onClose }: PhoneTestProps) {
  const { t } = useTranslation("editor");
  const test = useEditor((state) => state.test);
  const { setTest } = useEditor.getState();
  useEffect(() => {
    useTrial.setState({ apart: true });
    return () => useTrial.setState({ apart: false });
  }, []);
  return (
    <>
      {test !== null && test.status !== "coverage" && !open && (
        <div className="hr-phone-test" data-testid="phone-test-mark">
          <button type="button" className="hr-link-button" onClick={onOpen}>
            {t(`test.result_${test.status}`, { defaultValue: t("test.result") })}
          </button>
          <Button
            size="small"
            icon={<ClearOutlined />}
            onClick={() => setTest(null)}
            data-testid="btn-unmark"
          >
            {t("phone.unmark")}
          </Button>
        </div>
      )}
      <Drawer
        open={open}
        placement="bottom"
        size="88%"
        title={t("side.test")}
        onClose={onClose}
        destroyOnHidden
        data-testid="phone-test"
      >
        <TestPanel words={words} />
      </Drawer>
    </>
  );
}
