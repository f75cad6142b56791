// One action: what it asks for, what will happen, said before it does; and what became of it.

import { Button, Checkbox } from "antd";
import { useId, useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate } from "react-router";
import { ApiError } from "../../../api/client";
import { useSession } from "../../../api/session";
import { PeoplePicker } from "../../../people/PeoplePicker";
import "../../../ui/form/SchemaForm.css";
import { Segments } from "../../../ui/Segments";
import { Sheet } from "../../../ui/Sheet";
import { Trouble } from "../../../ui/Trouble";
import { useText } from "../../../ui/text";
import { Left } from "../Due";
import { useKept } from "../kept";
import { useAct } from "../queries";
import { endOf, nameOf, type Place, placesOf, type TaskAction, type TaskDetail } from "../task";
import { useSaid } from "../told";
import { useStands } from "../useStands";
import {
  argsOf,
  excluded,
  type Filled,
  hasVotes,
  type Missing,
  missing,
  SPECS,
  seatChoices,
  started,
  undoOf,
  WHERES,
} from "./spec";

/** After these the task is not mine any more: the next one is shown. */
const LEAVES = new Set(["transfer", "delegate", "return", "withdraw", "exempt"]);
const WORDS_MAX = 4_000;

interface ActionSheetProps {
  task: TaskDetail;
  action: TaskAction;
  /** What the words begin with. */
  words?: string;
  onActed?: () => void;
  onClose: () => void;
  nextAddress?: string;
}

export default function ActionSheet(props: ActionSheetProps) {
  const { task, action, words = "", onActed, onClose, nextAddress } = props;
  const name = action.action;
  const { t } = useTranslation(["tasks", "app", "errors"]);
  const { text } = useText();
  const navigate = useNavigate();
  const me = useSession((state) => state.user?.id ?? "");
  const act = useAct(task.id);
  const say = useSaid();
  const stands = useStands();
  const id = useId();
  const spec = SPECS[name] ?? {};
  // A half-written reason outlives a call, a lost race and a closed sheet.
  const [filled, setFilled, forget] = useKept<Filled>(
    `${name}.${task.id}`,
    started(action, task, name === "return" ? words : ""),
  );
  const [found, setFound] = useState<Missing[]>([]);
  const [error, setError] = useState<unknown>(null);
  const change = (part: Partial<Filled>) => {
    setFilled({ ...filled, ...part });
    setFound([]);
  };
  const names = filled.people.map(nameOf).join(t("comma"));
  const places = placesOf(task, action);
  const place = places.find((each) => each.id === filled.node);
  const placeName = (each: Place) =>
    text(each.name) || t(`action.return.place.${each.id}`, { defaultValue: each.id });
  const said = (what: "will" | "told") =>
    t(`action.${name}.${what}`, {
      names,
      node: place ? placeName(place) : "",
      title: text(task.title),
      left: action.choices?.left ?? "",
      quota: action.choices?.quota ?? "",
      context: contextOf(name, filled),
      defaultValue: t("told.other"),
    });
  const send = async () => {
    const wrong = missing(name, filled);
    setFound(wrong);
    if (wrong.length > 0) return;
    setError(null);
    try {
      const args = { ...argsOf(name, filled), ...(task.nonce ? { nonce: task.nonce } : {}) };
      const now = await act.mutateAsync({ action: name, args });
      forget();
      onActed?.();
      onClose();
      say(said("told"), task, undoOf(name, task, now));
      if (LEAVES.has(name) && nextAddress) navigate(nextAddress, { replace: true });
    } catch (reason) {
      setError(reason);
    }
  };
  const must = (what: Missing) => (found.includes(what) ? t(`missing.${what}`) : undefined);
  const end = endOf(action);
  return (
    <Sheet
      title={t(`action.${name}.title`)}
      onClose={onClose}
      testId={`sheet-${name}`}
      foot={
        <>
          <Button onClick={onClose} data-testid="btn-cancel">
            {t("app:action.cancel")}
          </Button>
          <Button
            type="primary"
            danger={spec.danger ?? false}
            loading={act.isPending}
            onClick={() => void send()}
            data-testid="btn-act"
          >
            {t(`action.${name}.do`)}
          </Button>
        </>
      }
    >
      {error !== null && (
        <Trouble
          error={error instanceof ApiError && error.status === 409 ? stands(error) : error}
          title={
            error instanceof ApiError && error.status === 409 ? t("conflict_act") : t("not_done")
          }
          testId="act-trouble"
        >
          {error instanceof ApiError && error.status === 409 && <p>{t("typed_is_kept")}</p>}
        </Trouble>
      )}
      {spec.where && (
        <Segments
          label={t("action.add_sign.where")}
          options={(action.choices?.where
            ? WHERES.filter((each) => action.choices?.where?.includes(each))
            : WHERES
          ).map((value) => ({
            value,
            title: t(`action.add_sign.where_${value}`),
          }))}
          value={filled.where}
          onChange={(where) => change({ where })}
          testId="where"
        />
      )}
      {spec.seats && (
        <fieldset className={must("seats") ? "hr-field hr-field-wrong" : "hr-field"}>
          <legend className="hr-field-label">{t(`action.${name}.seats`)}</legend>
          <div className="hr-choices">
            {seatChoices(action, task).map((seat) => (
              <label key={seat.seat} className="hr-choice">
                <input
                  type={spec.seats === "one" ? "radio" : "checkbox"}
                  name={`${id}-seats`}
                  checked={filled.seats.includes(seat.seat)}
                  onChange={(event) =>
                    change({
                      seats:
                        spec.seats === "one"
                          ? [seat.seat]
                          : event.target.checked
                            ? [...filled.seats, seat.seat]
                            : filled.seats.filter((each) => each !== seat.seat),
                    })
                  }
                  data-testid={`seat-choice-${seat.seat}`}
                />
                <span>{seat.name}</span>
              </label>
            ))}
          </div>
          {must("seats") && (
            <p className="hr-field-error" role="alert">
              {must("seats")}
            </p>
          )}
        </fieldset>
      )}
      {spec.node && (
        <Where
          places={places.map((each) => ({ ...each, name: placeName(each) }))}
          votes={hasVotes(task)}
          filled={filled}
          change={change}
          problem={must("node")}
        />
      )}
      {spec.people && (
        <PeoplePicker
          label={t(`action.${name}.people`)}
          value={filled.people.map((person) => person.id)}
          known={filled.people}
          onChange={(_, people) => change({ people })}
          exclude={excluded(name, task, me)}
          {...(Array.isArray(action.choices?.people) ? { among: action.choices.people } : {})}
          {...(spec.people.many ? {} : { max: 1 })}
          problem={must("people")}
          required
          testId="people"
        />
      )}
      {spec.confirm && (
        <Checkbox
          checked={filled.confirm}
          onChange={(event) => change({ confirm: event.target.checked })}
          data-testid="confirm"
        >
          {t("action.cc.confirm")}
        </Checkbox>
      )}
      {spec.words && (
        <div className={must("words") ? "hr-field hr-field-wrong" : "hr-field"}>
          <label className="hr-field-label" htmlFor={`${id}-words`}>
            {t([`action.${name}.words`, spec.words.name === "text" ? "question" : "reason"])}
            {spec.words.required && <span className="hr-field-required"> *</span>}
          </label>
          <textarea
            id={`${id}-words`}
            className="hr-input"
            rows={3}
            maxLength={WORDS_MAX}
            value={filled.words}
            placeholder={spec.words.required ? "" : t("comment_hint")}
            aria-invalid={must("words") ? true : undefined}
            onChange={(event) => change({ words: event.target.value })}
            data-testid="words"
          />
          {must("words") && (
            <p className="hr-field-error" role="alert">
              {must("words")}
            </p>
          )}
        </div>
      )}
      <p className={spec.danger ? "hr-note hr-note-danger" : "hr-note"} data-testid="will">
        {said("will")}
        {end !== null && (
          <>
            {" "}
            <Left end={end} />
          </>
        )}
      </p>
    </Sheet>
  );
}

/** The sentence differs by what is chosen. */
function contextOf(name: string, filled: Filled): string | undefined {
  if (name === "add_sign") return filled.people.length === 0 ? "none" : filled.where;
  if (name === "return") return filled.node === null ? "none" : (filled.after ?? undefined);
  if (name === "cc" && filled.people.length > 0) return filled.confirm ? "confirm" : undefined;
  return SPECS[name]?.people && filled.people.length === 0 ? "none" : undefined;
}

interface WhereProps {
  places: (Place & { name: string })[];
  votes: boolean;
  filled: Filled;
  change: (part: Partial<Filled>) => void;
  problem: string | undefined;
}

/** Where it goes back to, and how it goes on from there. */
function Where({ places, votes, filled, change, problem }: WhereProps) {
  const { t } = useTranslation("tasks");
  const id = useId();
  const after = places.find((each) => each.id === filled.node)?.after ?? [];
  return (
    <>
      <fieldset className={problem ? "hr-field hr-field-wrong" : "hr-field"}>
        <legend className="hr-field-label">{t("action.return.to")}</legend>
        <div className="hr-choices hr-choices-tall">
          {places.map((place) => (
            <label key={place.id} className="hr-choice">
              <input
                type="radio"
                name={`${id}-node`}
                checked={filled.node === place.id}
                onChange={() => change({ node: place.id, after: place.after[0] ?? null })}
                data-testid={`return-${place.id}`}
              />
              <span>
                {place.name}
                {place.who.length > 0 && <small>{place.who.map(nameOf).join(t("comma"))}</small>}
              </span>
            </label>
          ))}
        </div>
        {problem && (
          <p className="hr-field-error" role="alert">
            {problem}
          </p>
        )}
      </fieldset>
      {after.length > 1 && (
        <fieldset className="hr-field">
          <legend className="hr-field-label">{t("action.return.after")}</legend>
          <div className="hr-choices hr-choices-tall">
            {after.map((each) => (
              <label key={each} className="hr-choice">
                <input
                  type="radio"
                  name={`${id}-after`}
                  checked={filled.after === each}
                  onChange={() => change({ after: each })}
                  data-testid={`after-${each}`}
                />
                <span>
                  {t(`action.return.after_${each}`)}
                  <small>{t(`action.return.after_${each}_help`)}</small>
                </span>
              </label>
            ))}
          </div>
        </fieldset>
      )}
      {votes && (
        <Checkbox
          checked={filled.keepVotes ?? false}
          onChange={(event) => change({ keepVotes: event.target.checked })}
          data-testid="keep-votes"
        >
          {t("action.return.keep_votes")}
        </Checkbox>
      )}
    </>
  );
}
