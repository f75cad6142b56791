// The people one plans with, and the choice of people for one shift.

import { PlusOutlined } from "@ant-design/icons";
import { Button } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { PersonRef } from "../../directory/who";
import { PeoplePicker } from "../../people/PeoplePicker";
import { Dialog } from "./Dialog";
import type { Names } from "./Rota";
import { PersonChip } from "./RotaGrid";

interface CrewProps {
  people: string[];
  names: Names;
  onAdd: (people: PersonRef[]) => void;
}

export function Crew({ people, names, onAdd }: CrewProps) {
  const { t } = useTranslation("organisation");
  const [adding, setAdding] = useState(false);
  const [chosen, setChosen] = useState<PersonRef[]>([]);
  return (
    <aside className="hr-rota-crew" aria-label={t("rotas.crew")}>
      <h2>{t("rotas.crew")}</h2>
      <div className="hr-rota-crew-list">
        {people.map((person) => (
          <PersonChip
            key={person}
            person={person}
            name={names.of(person)}
            gone={names.gone(person)}
            from={null}
          />
        ))}
      </div>
      <Button
        icon={<PlusOutlined />}
        onClick={() => {
          setChosen([]);
          setAdding(true);
        }}
        data-testid="btn-add-crew"
      >
        {t("rotas.add_crew")}
      </Button>
      {adding && (
        <Dialog
          title={t("rotas.add_crew")}
          saveLabel={t("rotas.done")}
          onSave={async () => onAdd(chosen)}
          onClose={() => setAdding(false)}
        >
          <PeoplePicker
            label={t("rotas.crew")}
            value={chosen.map(({ id }) => id)}
            exclude={people}
            onChange={(_, refs) => setChosen(refs)}
            testId="crew"
          />
        </Dialog>
      )}
    </aside>
  );
}

interface CellDialogProps {
  title: string;
  value: string[];
  names: Names;
  onClose: () => void;
  onDone: (ids: string[], people: PersonRef[]) => void;
}

export function CellDialog({ title, value, names, onClose, onDone }: CellDialogProps) {
  const { t } = useTranslation("organisation");
  const [ids, setIds] = useState(value);
  const [people, setPeople] = useState<PersonRef[]>([]);
  return (
    <Dialog
      title={title}
      saveLabel={t("rotas.done")}
      onSave={async () => onDone(ids, people)}
      onClose={onClose}
    >
      <PeoplePicker
        label={t("departments.people")}
        value={ids}
        known={value.map((id) => ({ id, name: names.of(id) }))}
        onChange={(next, refs) => {
          setIds(next);
          setPeople(refs);
        }}
        testId="cell-people"
      />
    </Dialog>
  );
}
