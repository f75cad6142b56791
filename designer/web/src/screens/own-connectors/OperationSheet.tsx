// One operation: what is sent, what comes back, whether it may be repeated.

import { DeleteOutlined } from "@ant-design/icons";
import { Button } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { JsonSchema } from "../../schema";
import { askedOnly, type JsonObject } from "../../ui/form/kinds";
import { SchemaForm } from "../../ui/form/SchemaForm";
import { showFirstProblem } from "../../ui/form/showFirstProblem";
import { type FormProblem, remaining, validateForm, withoutEmpty } from "../../ui/form/validate";
import { Sheet } from "../../ui/Sheet";
import { useText } from "../../ui/text";
import type { Operation } from "./connector";

interface OperationSheetProps {
  schema: JsonSchema;
  operation: Operation;
  problems: FormProblem[];
  disabled: boolean;
  onSave: (operation: Operation) => void;
  onRemove: () => void;
  onClose: () => void;
}

export function OperationSheet(props: OperationSheetProps) {
  const { schema, operation, disabled, onSave, onRemove, onClose } = props;
  const { t } = useTranslation(["own_connectors", "app"]);
  const { text } = useText();
  const [value, setValue] = useState<JsonObject>(operation);
  const [problems, setProblems] = useState(props.problems);
  const done = () => {
    const asked = askedOnly(schema, withoutEmpty(value));
    const found = validateForm(schema, asked);
    setProblems(found);
    if (found.length > 0) showFirstProblem();
    else onSave(asked as Operation);
  };
  return (
    <Sheet
      title={text(operation.title) || operation.name}
      onClose={onClose}
      wide
      testId="operation-sheet"
      foot={
        disabled ? undefined : (
          <>
            <Button danger icon={<DeleteOutlined />} onClick={onRemove}>
              {t("remove_operation")}
            </Button>
            <Button onClick={onClose}>{t("app:action.cancel")}</Button>
            <Button type="primary" onClick={done} data-testid="btn-operation-done">
              {t("done")}
            </Button>
          </>
        )
      }
    >
      <SchemaForm
        schema={schema}
        value={value}
        onChange={(next) => {
          setProblems(remaining(problems, value, next));
          setValue(next);
        }}
        problems={problems}
        disabled={disabled}
      />
    </Sheet>
  );
}
